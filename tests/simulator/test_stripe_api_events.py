"""The simulated list of events, and what the API shows as time goes by."""

import json
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase

import pytest
import stripe

from tests.simulator.asking import EVENTS, OFFERS, SUMMARY, TRANSACTIONS, Calendar, Client, Object, clients
from worker.simulator.kinds import ALL, REFILLS
from worker.simulator.offers import DAY
from worker.simulator.stripe_api import StripeApi
from worker.simulator.world import World

AMOUNT = "previous_financing_fee_discount_amount"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=92, accounts=len(ALL), kinds=ALL)


@pytest.fixture
async def live(world: World) -> AsyncIterator[Client]:
    async with clients(StripeApi(world)) as (live, _):
        yield live


def alone(kind: str, country: str) -> World:
    """A world of one history, in live mode."""
    worlds = (World(seed=seed, accounts=1, kinds={kind: REFILLS[kind]}) for seed in range(1_000))
    for world in worlds:
        if [(history.livemode, history.country) for history in world.histories] == [(True, country)]:
            return world
    raise AssertionError("no seed gives such a world")


def in_live_mode(world: World) -> dict[str, Object]:
    histories = [history for history in world.histories if history.livemode]
    return {event.id: json.loads(event.body) for history in histories for event in history.events}


async def test_every_event_of_the_mode_is_listed_as_it_was_told(world: World, live: Client) -> None:
    events = await live.every(EVENTS)
    assert {event["id"]: event for event in events} == in_live_mode(world)
    assert len(events) == len(in_live_mode(world))
    assert events == sorted(events, key=lambda event: -event["created"])


async def test_ending_before_walks_events_forward_from_the_oldest(live: Client) -> None:
    backward = [event["id"] for event in await live.every(EVENTS, type="capital.*")]
    forward, more = [backward[-1]], True
    while more:
        page = await live.get(EVENTS, type="capital.*", limit=100, ending_before=forward[-1])
        forward += [event["id"] for event in reversed(page["data"])]
        more = page["has_more"]
    assert forward == backward[::-1]


async def test_a_cursor_may_name_an_event_that_the_filter_leaves_out(live: Client) -> None:
    everything = await live.every(EVENTS)
    place, other = next((n, event) for n, event in enumerate(everything) if not event["type"].startswith("capital."))
    found = await live.get(EVENTS, type="capital.*", starting_after=other["id"], limit=1)
    assert found["data"] == [next(event for event in everything[place:] if event["type"].startswith("capital."))]


@pytest.mark.parametrize("pattern", ["capital.*", "capital.financing_offer.*", "capital.financing_offer.paid_out"])
async def test_events_are_filtered_by_a_pattern_of_types(world: World, live: Client, pattern: str) -> None:
    wanted = {event_id for event_id, event in in_live_mode(world).items() if fnmatchcase(event["type"], pattern)}
    assert {event["id"] for event in await live.every(EVENTS, type=pattern)} == wanted != set()


async def test_events_are_filtered_by_exact_types(world: World, live: Client) -> None:
    types = ["capital.financing_offer.expired", "capital.financing_offer.rejected"]
    wanted = {event_id for event_id, event in in_live_mode(world).items() if event["type"] in types}
    assert {event["id"] for event in await live.every(EVENTS, types=types)} == wanted
    with pytest.raises(stripe.InvalidRequestError):
        await live.get(EVENTS, types=types, type="capital.*")


async def test_events_that_no_webhook_brought_are_those_not_delivered(world: World, live: Client) -> None:
    lost = {event_id for history in world.histories if history.livemode for event_id in history.lost}
    assert {event["id"] for event in await live.every(EVENTS, delivery_success=False)} == lost != set()
    delivered = {event["id"] for event in await live.every(EVENTS, delivery_success=True)}
    assert delivered == in_live_mode(world).keys() - lost


async def test_events_are_listed_from_when_they_happen_and_for_30_days(world: World) -> None:
    calendar = Calendar(0)
    created = sorted(event["created"] for event in in_live_mode(world).values())
    async with clients(StripeApi(world, now=calendar.now)) as (live, _):
        for calendar.second in (created[0] - 1, created[0], created[len(created) // 2], created[-1] + 31 * DAY):
            listed = sorted(event["created"] for event in await live.every(EVENTS))
            assert listed == [at for at in created if calendar.second - 30 * DAY <= at <= calendar.second]


async def test_an_offer_is_shown_from_its_creation_on_and_as_it_then_was() -> None:
    world = alone("paydown", "US")
    calendar = Calendar(0)
    statuses = []
    async with clients(StripeApi(world, now=calendar.now)) as (live, _):
        for event in world.events():
            calendar.second = event.created - 1
            before = {offer["id"] for offer in await live.every(OFFERS)}
            calendar.second = event.created
            if event.type == "capital.financing_offer.created":
                assert event.subject not in before
            if event.type.startswith("capital.financing_offer."):
                shown = await live.get(f"{OFFERS}/{event.subject}")
                statuses.append(shown["status"])
                assert max(shown["status_transitions"].values(), default=0) <= event.created
    assert {"undelivered", "accepted", "paid_out", "fully_repaid"} >= set(statuses) > {"accepted", "fully_repaid"}


async def test_a_stacked_discount_is_null_until_after_the_originals_end() -> None:
    world = alone("stacked", "GB")
    history = world.histories[0]
    assert history.truth
    refill, truth = next((offer, truth) for offer, truth in history.truth.offers.items() if truth.original)
    end = next(event.created for event in history.events if event.type.endswith("fully_repaid"))
    calendar = Calendar(end - 1)
    async with clients(StripeApi(world, now=calendar.now)) as (live, _):
        before = await live.get(f"{OFFERS}/{refill}")
        assert (before["status"], before["accepted_terms"][AMOUNT]) == ("paid_out", None)
        calendar.second = end + 5 * DAY
        after = await live.get(f"{OFFERS}/{refill}")
    assert after["accepted_terms"][AMOUNT] == truth.discount_amount
    assert after["accepted_terms"] == before["accepted_terms"] | {AMOUNT: truth.discount_amount}


async def test_a_charge_off_is_shown_from_its_second_on() -> None:
    world = alone("charged_off", "FR")
    history = world.histories[0]
    charged_off = next(state for state in history.states if "charged_off_at" in state.object)
    calendar = Calendar(charged_off.at - 1)
    async with clients(StripeApi(world, now=calendar.now)) as (live, _):
        path = f"{OFFERS}/{charged_off.object['id']}"
        assert "charged_off_at" not in await live.get(path)
        calendar.second = charged_off.at
        assert (await live.get(path))["charged_off_at"] == charged_off.at


async def test_a_summary_and_transactions_follow_the_repayment() -> None:
    world = alone("paydown_repaid", "AU")
    account = world.histories[0].account
    calendar = Calendar(0)
    remaining = []
    async with clients(StripeApi(world, now=calendar.now)) as (live, _):
        for event in world.events():
            calendar.second = event.created
            summary = await live.get(SUMMARY, stripe_account=account)
            listed = await live.every(TRANSACTIONS, stripe_account=account)
            assert (event.subject in {entry["id"] for entry in listed}) == event.type.endswith("transaction.created")
            remaining.append((summary["details"] or {}).get("remaining_amount"))
    owed = [amount for amount in remaining if amount is not None]
    assert len(set(owed)) > 5
    assert remaining[0] is remaining[-1] is None
