"""Reconcile on real parts: what drifted from Stripe is found, said and repaired, and nothing else is."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.journeys.child import Child
from tests.journeys.system import Finished, System
from tests.journeys.test_refills import played
from worker import reconciling
from worker.catching_up import opened
from worker.simulator.deliveries import Courier
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import ALL
from worker.simulator.stripe_api import StripeApi
from worker.simulator.troubles import DEAUTHORISED, HANG
from worker.simulator.world import World
from worker.store.alone import alone
from worker.store.connection import connect

DONE, FAILED, WRONG, DRIFTED = 0, 1, 2, 3
SEED = 5


def one(kind: str) -> tuple[World, History]:
    """A world with one life of a kind, in live mode."""
    for seed in range(SEED, 200):
        world = World(seed=seed, accounts=1, kinds={kind: ALL[kind]})
        if [history.livemode for history in world.histories] == [True]:
            return world, world.histories[0]
    raise AssertionError("no seed gives such a world")


@asynccontextmanager
async def hearing(system: System, world: World, events: Sequence[Event]) -> AsyncIterator[tuple[Child, StripeApi]]:
    """A system that heard these events and asked Stripe nothing, and Stripe."""
    async with played(system, world) as stripe:
        serve = await system.serve(CAPITAL_STRIPE_API_KEY="")
        assert await Courier(system.url, system.secrets).deliver(events) == ()
        await system.caught_up()
        yield serve, stripe
        assert await serve.terminate() == 0


def drifted(done: Finished) -> list[dict[str, Any]]:
    """What the report of a run with --json and --live names."""
    (report,) = json.loads(done.out)
    found: list[dict[str, Any]] = report["drifted"]
    return found


def without(history: History, *ends: str) -> list[Event]:
    """The events but the last of each of these types."""
    lost = [next(event for event in reversed(history.events) if event.type.endswith(end)) for end in ends]
    return [event for event in history.events if event not in lost]


async def test_what_agrees_with_stripe_has_not_drifted(system: System) -> None:
    world, history = one("repaid")
    async with hearing(system, world, history.events):
        done = await system.run("reconcile")
    assert (done.status, done.out) == (
        DONE,
        "live: 1 offers compared, 0 drifted\ntest: 0 offers compared, 0 drifted\n",
    )


async def test_a_missed_milestone_is_found_repaired_and_told_as_the_api_shows_it(system: System) -> None:
    world, history = one("repaid")
    offer = next(event.subject for event in history.events if "financing_offer" in event.type)
    async with hearing(system, world, without(history, "paid_out", "fully_repaid")):
        found = await system.run("reconcile", "--live")
        assert found.status == DRIFTED
        assert found.out.splitlines() == [
            f"{history.account} {offer} (live): here accepted; at Stripe fully_repaid; missed paid_out, fully_repaid",
            "live: 1 offers compared, 1 drifted (missed 1)",
        ]
        repaired = await system.run("reconcile", "--live", "--repair")
        assert repaired.status == DRIFTED
        assert repaired.out.splitlines()[-1] == "live: 1 offers compared, 1 drifted (missed 1), 1 repaired"
        assert (await system.run("reconcile", "--live")).status == DONE
        told = {notification.id: notification for notification in await system.settled({f"live:{offer}:fully_repaid"})}
    assert told[f"live:{offer}:paid_out"].data["basis"] == "api"
    assert {one for one in history.expected.ids if "financingoffer" in one} <= told.keys()


async def test_an_offer_of_which_nothing_came_is_found_and_told_from_the_beginning(system: System) -> None:
    world, history = one("expired")
    async with hearing(system, world, ()):
        found = await system.run("reconcile", "--json", "--live", "--repair")
        await system.settled(history.expected.ids)
    assert found.status == DRIFTED
    (drift,) = drifted(found)
    assert (drift["kinds"], drift["here"], drift["repaired"], drift["waiting"]) == (
        ["unknown_offer"],
        None,
        True,
        False,
    )


async def test_a_charge_off_that_no_event_tells_is_found_and_raises_attention(system: System) -> None:
    world, history = one("charged_off")
    async with hearing(system, world, history.events):
        drift = {found["offer"]: found["kinds"] for found in drifted(await system.run("reconcile", "--json", "--live"))}
        (charged_off,) = [offer for offer, kinds in drift.items() if "charged_off" in kinds]
        assert (await system.run("reconcile", "--repair", "--live")).status == DRIFTED
        await system.settled({f"live:{history.account}:attention:charged_off:{charged_off}"})
        assert (await system.run("reconcile", "--live")).status == DONE


async def test_a_discount_known_there_and_not_here_is_found_and_told(system: System) -> None:
    world, history = one("stacked")
    assert history.truth is not None
    (refill,) = [offer for offer, truth in history.truth.offers.items() if truth.original]
    async with hearing(system, world, history.events):
        found = drifted(await system.run("reconcile", "--json", "--live", "--repair"))
        assert [(drift["offer"], drift["kinds"]) for drift in found] == [(refill, ["discount"])]
        told = await system.settled({f"live:{refill}:discount_settled"})
    (settled,) = [one for one in told if one.id.endswith("discount_settled")]
    assert settled.data["discount"]["amount"] == history.truth.offers[refill].discount_amount


async def test_one_account_is_compared_alone(system: System) -> None:
    world = World(seed=SEED, accounts=4, kinds={"expired": ALL["expired"]})
    history = next(history for history in world.histories if history.livemode)
    async with hearing(system, world, ()):
        found = drifted(await system.run("reconcile", "--json", "--live", "--account", history.account))
        everywhere = drifted(await system.run("reconcile", "--json", "--live"))
    assert {drift["account"] for drift in found} == {history.account}
    assert len(everywhere) > len(found)


async def test_what_changed_a_moment_ago_has_a_webhook_on_its_way_and_is_left_out(system: System) -> None:
    world, history = one("repaid")
    async with hearing(system, world, without(history, "fully_repaid")):
        done = await system.run("reconcile", "--live", CAPITAL_ORDER_GRACE_SECONDS="1e10")
    assert (done.status, done.out) == (DONE, "live: 1 offers compared, 0 drifted, 1 left out that changed just now\n")


async def test_what_is_open_here_and_not_listed_there_is_named_and_is_no_drift(system: System) -> None:
    world, history = one("still_open")
    async with hearing(system, world, history.events) as (_, stripe):
        stripe.troubles.always("/v1/capital/financing_offers", DEAUTHORISED)
        done = await system.run("reconcile", "--json", "--live", "--account", history.account)
    assert done.status == DONE
    (report,) = json.loads(done.out)
    assert [one["account"] for one in report["not_shown"]] == [history.account]


async def test_a_repair_that_no_lane_takes_is_said_to_wait(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "APPLY_SECONDS", 0.5)
    world, _ = one("repaid")
    async with played(system, world), opened(system.settings, "reconcile") as catch_up:
        report = await reconciling.reconcile(catch_up, None, livemode=True, repair=True)
    assert report.waiting == {found.offer for found in report.repaired} != set()


async def test_an_account_that_nobody_knows_is_refused(system: System) -> None:
    world, _ = one("repaid")
    async with played(system, world):
        done = await system.run("reconcile", "--account", "acct_nobody")
    assert done.status == FAILED
    assert done.err == "reconcile: neither the tables nor Stripe know an account 'acct_nobody' with financing\n"


async def test_without_a_key_or_without_the_one_for_the_mode_it_is_refused(system: System) -> None:
    none = await system.run("reconcile")
    assert none.status == WRONG
    assert "CAPITAL_STRIPE_API_KEY: required by `reconcile`" in none.err
    await system.prepare()
    other = await system.run("reconcile", "--test", CAPITAL_STRIPE_API_KEY="sk_live_1")
    assert (other.status, "has no key for test mode" in other.err) == (FAILED, True)


async def test_a_second_one_at_the_same_time_is_refused_and_a_backfill_is_not(system: System) -> None:
    world, _ = one("repaid")
    async with played(system, world):
        pool = await connect(system.settings, connections=1)
        async with alone(pool, "reconcile"):
            done = await system.run("reconcile")
            other = await system.run("backfill", "--since", "2025-01-01")
        await pool.close()
    assert (done.status, done.err) == (FAILED, "reconcile: another reconcile is running\n")
    assert other.status == DONE


async def test_it_ends_at_its_limit_when_stripe_does_not_answer(system: System) -> None:
    world, _ = one("repaid")
    async with played(system, world) as stripe:
        stripe.troubles.always("*", HANG)
        done = await system.run("reconcile", "--limit", "2")
    assert (done.status, done.err) == (FAILED, "reconcile: not finished within 2 s\n")
