"""Refills on the real path, with Stripe played over HTTP: each market's order, and what only Stripe knows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.journeys.system import System
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import ALL, REFILLS
from worker.simulator.oracle import judge
from worker.simulator.stripe_api import StripeApi
from worker.simulator.troubles import SERVER_ERROR
from worker.simulator.truths import Truth
from worker.simulator.world import World

SEED = 4
HURRIED = {
    "CAPITAL_ORDER_GRACE_SECONDS": "1",
    "CAPITAL_GATE_GRACE_SECONDS": "1",
    "CAPITAL_LOOKUP_BACKOFF_SECONDS": "0.1",
    "CAPITAL_DISCOUNT_SCHEDULE_SECONDS": "0.1,0.2,0.3",
}


@dataclass
class Moment:
    """The simulated second that Stripe answers for; none: everything has happened."""

    second: float = float("inf")


@asynccontextmanager
async def played(system: System, world: World, moment: Moment | None = None) -> AsyncIterator[StripeApi]:
    """Stripe for the system's lookup role."""
    api = StripeApi(world, now=None if moment is None else lambda: moment.second)
    async with api.serving() as url:
        keys = "sk_live_played,sk_test_played"
        system.environ |= HURRIED | {"CAPITAL_STRIPE_API_BASE": url, "CAPITAL_STRIPE_API_KEY": keys}
        await system.prepare()
        yield api


def one(kind: str, seed: int = SEED) -> tuple[World, History]:
    """A world with one life of a kind."""
    world = World(seed=seed, accounts=1, kinds={kind: REFILLS[kind]})
    return world, world.histories[0]


def parts(history: History) -> tuple[str, str]:
    """The refill and its original."""
    assert history.truth is not None
    ((refill, truth),) = [(offer, truth) for offer, truth in history.truth.offers.items() if truth.original]
    assert truth.original is not None
    return truth.original, refill


def mode(history: History) -> str:
    return "live" if history.livemode else "test"


async def deliver(system: System, events: Sequence[Event]) -> None:
    for event in events:
        assert await Courier(system.url, system.secrets).deliver([event]) == ()


async def active(system: System, offer: str) -> list[str]:
    """The active financings that the last notification of an offer named."""
    told = [one.data for one in await system.notifications() if one.data.get("offer", {}).get("id") == offer]
    financings: list[str] = told[-1]["active_financings"]
    return financings


async def test_in_the_uk_both_stay_active_for_months_and_the_discount_is_known_after_the_originals_own_end(
    system: System,
) -> None:
    world, history = one("stacked")
    original, refill = parts(history)
    end = next(e for e in history.events if e.type.endswith("fully_repaid") and e.subject == original)
    before = history.events[: history.events.index(end)]
    moment = Moment(end.created - 1)
    async with played(system, world, moment):
        serve = await system.serve()
        await deliver(system, before)
        await system.settled({f"{mode(history)}:{refill}:paid_out"})
        await system.caught_up()
        assert await active(system, refill) == [original, refill]
        assert await system.rows("SELECT withheld_offer_id FROM account WHERE account = $1", history.account) == [
            (original,)
        ]
        states = "SELECT status, discount_state FROM offer WHERE account = $1 ORDER BY created_at"
        assert await system.rows(states, history.account) == [("paid_out", "not_applicable"), ("paid_out", "pending")]
        moment.second = float("inf")
        await deliver(system, history.events[len(before) :])
        await system.settled(history.expected.ids | {f"{mode(history)}:{refill}:discount_settled"})
        assert await system.rows("SELECT withheld_offer_id FROM account WHERE account = $1", history.account) == [
            (refill,)
        ]
        assert await serve.terminate() == 0
    assert judge([told.told for told in await system.notifications()], history.expected) == []


@pytest.mark.parametrize("order", ["as it happened", "backwards", "payout first"])
@pytest.mark.parametrize("kind", ["paydown", "paydown_tied"])
async def test_in_the_us_the_original_ends_before_its_refill_is_paid_out_in_whatever_order_they_arrive(
    system: System, kind: str, order: str
) -> None:
    world, history = one(kind)
    events = list(history.events)
    if order == "backwards":
        events.reverse()
    elif order == "payout first":
        events.sort(key=lambda event: event.type.endswith("fully_repaid"))
    async with played(system, world):
        serve = await system.serve()
        await deliver(system, events)
        await system.settled(history.expected.ids)
        assert await serve.terminate() == 0
    told = await system.notifications()
    assert judge([notification.told for notification in told], history.expected) == []
    assert not [notification.id for notification in told if notification.data.get("gap")]


async def test_germany_is_known_from_the_disclaimer_alone_without_an_api_key(system: System) -> None:
    _, history = one("by_disclaimer")
    _, refill = parts(history)
    await system.prepare()
    serve = await system.serve()
    await deliver(system, history.events)
    told = await system.settled(history.expected.ids)
    payout = next(notification for notification in told if notification.id == f"{mode(history)}:{refill}:paid_out")
    assert payout.data["policy"] == {"name": "stacked", "source": "disclaimer_variant"}
    assert await serve.terminate() == 0


async def test_with_no_country_known_a_payout_waits_for_stripe_to_come_back(system: System) -> None:
    world, history = one("canada")
    _, refill = next(
        (offer, offer) for offer in {e.subject for e in history.events if b'"refill"' in e.body and e.subject}
    )
    async with played(system, world) as stripe:
        stripe.troubles.always("*", SERVER_ERROR)
        serve = await system.serve(CAPITAL_LOOKUP_ATTEMPTS="100")
        await deliver(system, history.events)
        held = "SELECT gate, waiting_for FROM held WHERE offer_id = $1 AND milestone = 'paid_out'"
        await system.found(f"SELECT gate FROM ({held}) AS held", [("G4",)], refill)
        stripe.troubles.clear()
        told = await system.settled(history.expected.ids)
        assert await serve.terminate() == 0
    payout = next(notification for notification in told if notification.id == f"{mode(history)}:{refill}:paid_out")
    assert payout.data["policy"] == {"name": "unknown", "source": "country"}
    assert payout.data["gap"] == []


async def test_a_world_of_refills_ends_in_the_truth_and_replays_without_a_difference(system: System) -> None:
    world = World(seed=SEED, accounts=3 * len(ALL), kinds=ALL)
    events = disordered(world.events(), seed=SEED, disorder=Disorder(window=None))
    async with played(system, world):
        serve = await system.serve()
        assert await Courier(system.url, system.secrets).deliver(events) == ()
        await system.settled(world.expected.ids)
        await system.found("SELECT count(*) FROM lookup", [(0,)])
        await system.caught_up()
        replayed = await system.run("replay", "--from-beginning")
        assert (replayed.status, replayed.out.count("no differences")) == (0, 1), replayed.out[-2_000:]
        assert await serve.terminate() == 0
    assert judge([told.told for told in await system.notifications()], world.expected) == []
    assert await wrong(system, world.truths) == []


async def wrong(system: System, truths: Mapping[tuple[bool, str], Truth]) -> list[str]:
    """Offers and accounts that are not as the histories' authors say."""
    query = "SELECT livemode, account, offer_id, status, original_offer_id, discount_state, discount_amount FROM offer"
    offers = {(row[0], row[1], row[2]): row[3:] for row in await system.rows(query)}
    accounts = {
        (row[0], row[1]): row[2:]
        for row in await system.rows(
            "SELECT livemode, account, policy, withheld_offer_id, withhold_rate::text FROM account"
        )
    }
    found = []
    for (livemode, account), truth in truths.items():
        withheld = (truth.withheld.offer, truth.withheld.rate) if truth.withheld else (None, None)
        if accounts[livemode, account] != (truth.policy, *withheld):
            found.append(f"{account}: {accounts[livemode, account]}, not {truth.policy} {withheld}")
        for offer, told in truth.offers.items():
            row = offers.get((livemode, account, offer))
            if row != (told.status, told.original, told.discount_state, told.discount_amount):
                found.append(f"{account} {offer}: {row}, not {told}")
    return found
