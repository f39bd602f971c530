"""A wrong rule in a live system: found by replaying with the right one, repaired, and only what was missing is told."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from tests.journeys.child import Child
from tests.journeys.system import ROOT, Finished, System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.oracle import judge
from worker.simulator.world import World

SEED = 61
ACCOUNTS = 60
CANCELED = "capital.financing_offer.canceled"
DIFFERENT = 3


def planted(system: System, bug: str) -> Child:
    """`serve` with a wrong rule."""
    command = [sys.executable, "-m", "tests.replay.planted", bug, "serve"]
    log = system._folder / f"planted-{bug}.log"
    child = Child(command, ROOT, system._environment({}), log, int(system.environ["CAPITAL_HEALTH_PORT"]))
    system._children.append(child)
    return child


async def deliver(system: System, events: Sequence[Event]) -> None:
    assert await Courier(system.url, system.secrets).deliver(events) == ()


def lines(done: Finished) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def mode(promoted: dict[str, Any]) -> str:
    return "live" if promoted["livemode"] else "test"


async def test_a_planted_bug_is_found_and_repaired_while_the_lanes_run_and_only_what_was_missing_is_told(
    system: System,
) -> None:
    world = World(seed=SEED, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    events = disordered(world.events(), seed=SEED)
    first, second = events[: len(events) // 2], events[len(events) // 2 :]
    await system.prepare()
    wrong = planted(system, "deaf_to_cancellations")
    wrong.start()
    await wrong.ready()
    await deliver(system, first)
    await system.caught_up()
    assert await wrong.terminate() == 0

    right = await system.serve()
    before = {told.id for told in await system.notifications()}
    replayed = await system.run("replay", "--from-beginning", "--json")
    assert replayed.status == DIFFERENT, replayed.err
    *_, compared = lines(replayed)
    found = {(one["livemode"], one["account"]) for one in lines(replayed) if "finding" in one}
    assert found == {(one.livemode, one.account) for one in first if one.type == CANCELED}
    assert compared["compared"]["accounts_that_differ"] == len(found)

    # The rest of the world comes while accounts are promoted.
    promotion = ("replay", "promote", "--name", "all", "--accept", str(len(found)), "--emit", "missing", "--json")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(deliver(system, second))
        promoting = tasks.create_task(system.run(*promotion))
    promoted = promoting.result()
    assert (promoted.status, len(lines(promoted))) == (0, len(found)), promoted.out + promoted.err
    sent = {f"{mode(one)}:{identity}": one["command"] for one in lines(promoted) for identity in one["sent"]}
    told = await system.settled(world.expected.ids | sent.keys())
    assert judge([one.told for one in told], world.expected) == []
    assert sent
    assert not sent.keys() & before
    causes = {one.id: one.headers["ce_causationid"] for one in told}
    assert {identity: cause for identity, cause in causes.items() if cause.startswith("cmd_")} == sent

    await system.caught_up()
    again = await system.run("replay", "--from-beginning", "--json")
    assert again.status == 0, again.out[-2_000:]
    assert await right.terminate() == 0
