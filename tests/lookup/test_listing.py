"""Walking through Stripe's lists, over real HTTP: everything once, the oldest first, whatever goes wrong on the way."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from worker.clock import SystemClock
from worker.lookup import listing
from worker.lookup.capital_api import CapitalApi, Listed, NotAnswered, Shown
from worker.lookup.listing import Stretch, oldest_first
from worker.lookup.pace import Pace
from worker.lookup.persistence import Persistence
from worker.simulator.kinds import ALL
from worker.simulator.stripe_api import StripeApi
from worker.simulator.troubles import BAD_GATEWAY, DEAUTHORISED, SERVER_ERROR, rate_limited
from worker.simulator.world import World

WORLD = World(seed=31, accounts=2 * len(ALL), kinds=ALL)
BEGINNING, END = 1_700_000_000, 1_900_000_000
PATIENT = Persistence(attempts=4, backoff_seconds=0)
PATHS = {"events": "/v1/events", "offers": "/v1/capital/financing_offers"}


@asynccontextmanager
async def asked(stripe: StripeApi, key: str = "sk_live_1") -> AsyncIterator[CapitalApi]:
    async with stripe.serving() as url:
        api = CapitalApi([key], url, Pace(1_000, SystemClock()))
        try:
            yield api
        finally:
            await api.close()


async def walked(api: CapitalApi, what: Listed, start: int = BEGINNING, stop: int = END) -> list[Stretch]:
    ask = partial(api.listed, what, livemode=True)
    return [stretch async for stretch in oldest_first(ask, start, stop, PATIENT)]


def shown(stretches: list[Stretch]) -> list[Shown]:
    return [one for stretch in stretches for one in stretch.shown]


def capital_events() -> dict[str, int]:
    """The live events of Capital, by id, with their second."""
    histories = [history for history in WORLD.histories if history.livemode]
    events = [event for history in histories for event in history.events if event.type.startswith("capital.")]
    return {event.id: event.created for event in events}


async def test_every_capital_event_is_found_once_the_oldest_first() -> None:
    async with asked(StripeApi(WORLD)) as api:
        found = shown(await walked(api, "events"))
    assert {event["id"]: event["created"] for event in found} == capital_events()
    assert len(found) == len(capital_events())
    assert [event["created"] for event in found] == sorted(event["created"] for event in found)


async def test_every_offer_of_the_platform_is_found_once_the_oldest_first() -> None:
    async with asked(StripeApi(WORLD)) as api:
        found = shown(await walked(api, "offers"))
    offers = {
        state.object["id"]
        for history in WORLD.histories
        if history.livemode
        for state in history.states
        if state.object["object"] == "capital.financing_offer"
    }
    assert sorted(offer["id"] for offer in found) == sorted(offers)
    assert [offer["created"] for offer in found] == sorted(offer["created"] for offer in found)


async def test_an_event_is_listed_with_all_that_its_webhook_had() -> None:
    bodies = {event.id: json.loads(event.body) for event in WORLD.events()}
    async with asked(StripeApi(WORLD)) as api:
        found = [event for event in shown(await walked(api, "events")) if event["id"] in bodies]
    assert found
    assert all(dict(event) == bodies[event["id"]] for event in found)


async def test_a_stretch_with_too_much_is_cut_and_no_page_of_the_rest_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "MOST", 100)
    monkeypatch.setattr(listing, "FEW", 25)
    stripe = StripeApi(WORLD)
    async with asked(stripe) as api:
        stretches = await walked(api, "events")
    assert max(len(stretch.shown) for stretch in stretches) <= 100
    assert {event["id"] for event in shown(stretches)} == capital_events().keys()
    assert {request.request.parameters.get("starting_after") for request in stripe.requests} == {None}


async def test_more_in_one_second_than_fits_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 1)
    monkeypatch.setattr(listing, "FEW", 1)
    first = min(capital_events().values())
    last = first + 200_000
    async with asked(StripeApi(WORLD)) as api:
        found = shown(await walked(api, "events", first, last))
    assert {event["id"] for event in found} == {one for one, second in capital_events().items() if second < last}


async def test_whoever_goes_on_where_a_walk_stood_misses_nothing_and_sees_nothing_twice() -> None:
    async with asked(StripeApi(WORLD)) as api:
        whole = await walked(api, "events")
        for place, stretch in enumerate(whole):
            rest = shown(await walked(api, "events", stretch.reached))
            assert [event["id"] for event in rest] == [event["id"] for event in shown(whole[place + 1 :])]


async def test_where_nothing_happened_for_years_few_questions_are_asked() -> None:
    stripe = StripeApi(WORLD)
    async with asked(stripe) as api:
        assert shown(await walked(api, "offers", 1_000_000_000, 1_700_000_000)) == []
    assert len(stripe.requests) < 20


@pytest.mark.parametrize("what", ["events", "offers"])
async def test_trouble_on_the_way_is_waited_out(what: Listed) -> None:
    stripe = StripeApi(WORLD)
    async with asked(stripe) as api:
        untroubled = shown(await walked(api, what))
        stripe.troubles.then(PATHS[what], SERVER_ERROR, rate_limited(0.01), BAD_GATEWAY)
        assert shown(await walked(api, what)) == untroubled


async def test_a_rate_limit_is_waited_for_as_long_as_stripe_asks() -> None:
    assert PATIENT.wait(1, 7.5) == 7.5
    assert PATIENT.wait(1, None) == 0


async def test_trouble_without_end_is_given_up_after_the_last_attempt() -> None:
    stripe = StripeApi(WORLD)
    stripe.troubles.always("*", SERVER_ERROR)
    async with asked(stripe) as api:
        with pytest.raises(NotAnswered, match="500"):
            await walked(api, "events")
    assert len(stripe.requests) == PATIENT.attempts


@pytest.mark.parametrize("what", ["events", "offers"])
async def test_a_key_that_may_not_see_a_list_never_finds_it_empty(what: Listed) -> None:
    stripe = StripeApi(WORLD)
    stripe.troubles.always("*", DEAUTHORISED)
    async with asked(stripe) as api:
        with pytest.raises(NotAnswered, match=f"does not show the key a list of {what}"):
            await walked(api, what)
    assert len(stripe.requests) == 1


async def test_a_wrong_key_is_not_tried_again() -> None:
    stripe = StripeApi(WORLD)
    async with asked(stripe, "S1_live_1") as api:
        with pytest.raises(NotAnswered, match="401"):
            await walked(api, "events")
    assert len(stripe.requests) == 1
