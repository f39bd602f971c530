"""Backfill on real parts: what webhooks did not bring comes from Stripe's lists, once, also after a kill."""

import re
from collections.abc import Sequence

import pytest

from tests.journeys.system import System
from tests.journeys.test_refills import Moment, played
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.kinds import KINDS
from worker.simulator.losses import losing
from worker.simulator.oracle import judge
from worker.simulator.troubles import DEAUTHORISED, HANG
from worker.simulator.world import World
from worker.store.alone import alone
from worker.store.connection import connect

SEED = 8
# Before everything that happens in a simulated world.
SINCE = "2025-01-01"
DONE, FAILED, WRONG = 0, 1, 2
DAY = 86_400
WORLD = World(seed=SEED, accounts=40, kinds=KINDS)


def capital(events: Sequence[Event]) -> dict[str, Event]:
    """Those of the events that are Capital's, by their ids."""
    return {event.id: event for event in events if event.type.startswith("capital.")}


def new(out: str) -> int:
    """How much a backfill put on the topic, by its own word."""
    return sum(int(found.replace(",", "")) for found in re.findall(r"([\d,]+) new and put", out))


async def bodies(system: System) -> list[bytes]:
    """What lies on the events topic."""
    return [record.value or b"" for record in await system.events_topic.records()]


async def test_what_was_dropped_is_told_after_a_backfill_and_a_second_one_finds_nothing(system: System) -> None:
    losses = losing(WORLD.events(), 0.05, seed=SEED)
    # However slow the machine: what Stripe is asked about in the meantime may prove more than its events say.
    system.environ["CAPITAL_ORDER_GRACE_SECONDS"] = "600"
    async with played(system, WORLD):
        serve = await system.serve()
        assert await Courier(system.url, system.secrets).deliver(disordered(losses.kept, seed=SEED)) == ()
        await system.caught_up()
        first = await system.run("backfill", "--since", SINCE)
        assert (first.status, new(first.out) >= len(capital(losses.dropped)) > 0) == (DONE, True), first.err
        await system.settled(WORLD.expected.ids)
        await system.caught_up()
        second = await system.run("backfill", "--since", SINCE)
        assert (second.status, new(second.out)) == (DONE, 0)
        assert await serve.terminate() == 0
    assert judge([told.told for told in await system.notifications()], WORLD.expected) == []
    known = {row[0] for row in await system.rows("SELECT event_id FROM event")}
    assert known >= capital(WORLD.events()).keys()


async def test_an_event_comes_as_its_webhook_would_have_brought_it(system: System) -> None:
    events = capital([event for history in WORLD.histories for event in history.events])
    async with played(system, WORLD, Moment(min(event.created for event in events.values()) + 40 * DAY)):
        assert (await system.run("backfill", "--since", SINCE)).status == DONE
        backfilled = {dict(record.headers)["ce_id"].decode(): record for record in await system.events_topic.records()}
        serve = await system.serve()
        await Courier(system.url, system.secrets).deliver([events[one] for one in backfilled if one in events])
        assert await serve.terminate() == 0
    webhooks = {dict(record.headers)["ce_id"].decode(): record for record in await system.events_topic.records()}
    same = [one for one in backfilled if one in events]
    assert same
    for one in same:
        assert (backfilled[one].key, backfilled[one].headers) == (webhooks[one].key, webhooks[one].headers)
        assert backfilled[one].partition == webhooks[one].partition


async def test_a_backfill_killed_on_the_way_goes_on_where_it_was(system: System) -> None:
    async with played(system, WORLD) as stripe:
        await system.migrate()
        child = system.child("backfill", "--since", SINCE, "--live")
        child.start()
        # One, two, four days and so on: 63 days, and what they brought is on the topic before the next are asked for.
        await stripe.until_asked("/v1/events", times=6)
        stripe.troubles.always("/v1/events", HANG)
        before = len(stripe.asked("/v1/events"))
        await stripe.until_asked("/v1/events", times=before + 1)
        child.kill()
        stripe.troubles.clear()
        brought = len(await bodies(system))
        assert brought > 0
        resumed = await system.run("backfill", "--since", SINCE, "--live")
        assert resumed.status == DONE, resumed.err
    assert "live events from 2025-01-01T00:00:00Z" in resumed.out
    assert "(went on at 2025-" in resumed.out
    asked = [int(one.request.parameters["created[gte]"]) for one in stripe.asked("/v1/events")]
    assert min(asked[before + 1 :]) >= asked[before - 1]
    ids = [dict(record.headers)["ce_id"] for record in await system.events_topic.records()]
    assert len(ids) == len(set(ids))


async def test_where_events_are_gone_offers_are_told_as_stripe_shows_them_now(system: System) -> None:
    """Half a year later Stripe lists no event any more."""
    last = max(event.created for event in WORLD.events())
    async with played(system, WORLD, Moment(last + 200 * DAY)):
        serve = await system.serve()
        done = await system.run("backfill", "--since", SINCE)
        assert "Stripe keeps events for 30 days" in done.err
        assert " events from 2025-01-01T00:00:00Z until " in done.out
        repaid = {told.removesuffix("fully_repaid") for told in WORLD.expected.ids if told.endswith(":fully_repaid")}
        milestones = {offer + step for offer in repaid for step in ("created", "accepted", "paid_out", "fully_repaid")}
        told = await system.settled(milestones)
        assert await serve.terminate() == 0
    assert {one.data["basis"] for one in told if one.id in milestones} == {"api"}


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ((), WRONG, "--since"),
        (("--since", "soon"), WRONG, "'soon' is no time"),
        (("--since", "2999-01-01"), WRONG, "--since has to be before --until, and both in the past"),
        (("--since", SINCE, "--until", "2999-01-01"), WRONG, "both in the past"),
        (("--since", SINCE, "--until", "2024-01-01"), WRONG, "--since has to be before --until"),
        (("--since", SINCE, "--live", "--test"), WRONG, "not allowed with"),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(
    system: System, arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    done = await system.run("backfill", *arguments, CAPITAL_STRIPE_API_KEY="sk_test_1")
    assert (done.status, complaint in done.err, done.out) == (status, True, "")


async def test_without_a_key_or_without_the_one_for_the_mode_it_is_refused(system: System) -> None:
    none = await system.run("backfill", "--since", SINCE)
    assert none.status == WRONG
    assert "CAPITAL_STRIPE_API_KEY: required by `backfill`" in none.err
    await system.prepare()
    other = await system.run("backfill", "--since", SINCE, "--live", CAPITAL_STRIPE_API_KEY="sk_test_1")
    assert other.status == FAILED
    assert "CAPITAL_STRIPE_API_KEY has no key for live mode" in other.err


async def test_a_second_one_at_the_same_time_is_refused(system: System) -> None:
    await system.prepare()
    pool = await connect(system.settings, connections=1)
    async with alone(pool, "backfill"):
        done = await system.run("backfill", "--since", SINCE, CAPITAL_STRIPE_API_KEY="sk_test_1")
    await pool.close()
    assert (done.status, done.err) == (FAILED, "backfill: another backfill is running\n")


async def test_a_key_that_may_not_see_events_fails_the_backfill(system: System) -> None:
    async with played(system, WORLD) as stripe:
        stripe.troubles.always("/v1/events", DEAUTHORISED)
        done = await system.run("backfill", "--since", SINCE)
    assert done.status == FAILED
    assert "backfill: Stripe does not show the key a list of events" in done.err.splitlines()
