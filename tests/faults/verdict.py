"""The verdict on a fault run, from what its histories say; it shares no code with the rules it judges."""

import asyncio
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from tests.faults.figures import COUNTED_AS, WRONG_ROWS, Figures
from tests.journeys.system import ROOT, System
from worker.simulator.oracle import Expected, Fault, Notification, judge
from worker.simulator.world import World

REPLAY_SECONDS = 900

# An account in a mode, or an offer of one.
Key = TypeVar("Key", tuple[bool, str], tuple[bool, str, str])


def judge_told(figures: Figures, told: Sequence[Notification], expected: Expected, world: World) -> None:
    """What readers with `read_committed` see against what must be told.

    A fault can make the worker ask Stripe about an offer it would otherwise have heard of in time. So a milestone that
    no event tells is not unexpected where Stripe's API shows the offer in the status of that name.
    """
    figures.notifications = len(told)
    shown = _shown(world)
    for problem in judge(told, expected):
        if problem.fault is not Fault.UNEXPECTED or problem.subject not in shown:
            figures.problems[COUNTED_AS[problem.fault]].append(f"{problem.subject}: {problem.fault}: {problem.detail}")


def _shown(world: World) -> frozenset[str]:
    return frozenset(
        f"{'live' if history.livemode else 'test'}:{state.object['id']}:{state.object['status']}"
        for history in world.histories
        for state in history.states
        if state.object["object"] == "capital.financing_offer"
    )


async def judge_acknowledged(figures: Figures, system: System, acknowledged: Collection[str]) -> None:
    """Every webhook that was answered with 2xx must be in the event log."""
    figures.acknowledged = len(acknowledged)
    query = "SELECT id FROM unnest($1::text[]) AS told (id) WHERE NOT EXISTS (SELECT FROM event WHERE event_id = id)"
    missing = await system.rows(query, list(acknowledged))
    figures.problems["lost"] += [f"{event}: acknowledged, and not in the event log" for (event,) in missing]


async def judge_rows(figures: Figures, system: System, world: World) -> None:
    """The tables against what the histories' authors state."""
    figures.problems[WRONG_ROWS] += [*await _wrong_offers(system, world), *await _wrong_accounts(system, world)]


async def _wrong_offers(system: System, world: World) -> Sequence[str]:
    query = "SELECT livemode, account, offer_id, status, original_offer_id, discount_state, discount_amount FROM offer"
    rows = {row[:3]: row[3:] for row in await system.rows(query)}
    stated = {
        (*key, offer): (truth.status, truth.original, truth.discount_state, truth.discount_amount)
        for key, whole in world.truths.items()
        for offer, truth in whole.offers.items()
    }
    return list(_differing(rows, stated))


async def _wrong_accounts(system: System, world: World) -> Sequence[str]:
    query = "SELECT livemode, account, policy, withheld_offer_id, withhold_rate::text FROM account"
    rows = {row[:2]: row[2:] for row in await system.rows(query)}
    stated = {
        key: (truth.policy, *((truth.withheld.offer, truth.withheld.rate) if truth.withheld else (None, None)))
        for key, truth in world.truths.items()
    }
    return list(_differing(rows, stated))


def _differing(
    rows: Mapping[tuple[object, ...], tuple[object, ...]], stated: Mapping[Key, tuple[object, ...]]
) -> Iterator[str]:
    for key, values in stated.items():
        if rows.get(key) != values:
            yield f"{key}: {rows.get(key)}, not {values}"


async def judge_replay(figures: Figures, system: System) -> None:
    """The same records again, beside what they made the first time; every line of the report is a wrong row."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "worker", "replay", "--from-beginning"],
        cwd=ROOT,
        env=system._environment({}),
        capture_output=True,
        text=True,
        timeout=REPLAY_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = (done.stdout.splitlines()[:-1] or done.stderr.splitlines()[-1:]) or ["nothing said"]
        figures.problems[WRONG_ROWS] += [f"replay ended with {done.returncode}: {line}" for line in lines]
