"""The simulated API in trouble, as Stripe's own package feels it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import stripe

from tests.simulator.asking import OFFERS, Client, clients
from worker.simulator.stripe_api import StripeApi
from worker.simulator.troubles import (
    BAD_GATEWAY,
    DEAUTHORISED,
    HANG,
    MISSING,
    SERVER_ERROR,
    Trouble,
    Troubles,
    rate_limited,
)
from worker.simulator.world import World

ANY_OFFER = f"{OFFERS}/*"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=11, accounts=11)


@pytest.fixture
def api(world: World) -> StripeApi:
    return StripeApi(world)


@pytest.fixture
async def live(api: StripeApi) -> AsyncIterator[Client]:
    async with clients(api) as (live, _):
        yield live


async def trouble_of(live: Client, path: str = OFFERS) -> stripe.StripeError:
    with pytest.raises(stripe.StripeError) as trouble:
        await live.get(path)
    return trouble.value


@pytest.mark.parametrize(
    ("trouble", "error", "status"),
    [
        (rate_limited(3), stripe.RateLimitError, 429),
        (SERVER_ERROR, stripe.APIError, 500),
        (BAD_GATEWAY, stripe.APIError, 502),
        (DEAUTHORISED, stripe.PermissionError, 403),
        (MISSING, stripe.InvalidRequestError, 404),
    ],
)
async def test_one_request_meets_a_trouble_and_the_next_does_not(
    api: StripeApi, live: Client, trouble: Trouble, error: type[stripe.StripeError], status: int
) -> None:
    api.troubles.then(OFFERS, trouble)
    met = await trouble_of(live)
    assert (type(met), met.http_status) == (error, status)
    assert (await live.get(OFFERS))["object"] == "list"
    assert [asked.status for asked in api.requests] == [status, 200]


async def test_a_rate_limit_says_how_long_to_wait_where_it_says_so_at_all(api: StripeApi, live: Client) -> None:
    api.troubles.then(OFFERS, rate_limited(3), rate_limited(0.5), rate_limited())
    waits = [((await trouble_of(live)).headers or {}).get("Retry-After") for _ in range(3)]
    assert waits == ["3", "0.5", None]


async def test_a_gateways_page_is_no_json(api: StripeApi, live: Client) -> None:
    api.troubles.then(OFFERS, BAD_GATEWAY)
    met = await trouble_of(live)
    assert met.http_body == BAD_GATEWAY.body
    assert met.error is None


async def test_a_hanging_request_ends_with_its_clients_patience(api: StripeApi, live: Client) -> None:
    api.troubles.then(OFFERS, HANG)
    async with clients(api, patience=0.5) as (impatient, _):
        met = await trouble_of(impatient)
    assert isinstance(met, stripe.APIConnectionError)
    assert met.http_status is None
    assert (await live.get(OFFERS))["object"] == "list"
    assert [asked.status for asked in api.requests] == [None, 200]


async def test_a_hanging_request_is_seen_while_it_hangs_and_holds_nobody_else(api: StripeApi, live: Client) -> None:
    api.troubles.then(ANY_OFFER, HANG)
    hanging = asyncio.create_task(live.get(f"{OFFERS}/financingoffer_1"))
    async with asyncio.timeout(10):
        await api.until_asked(ANY_OFFER)
        assert (await live.get(OFFERS))["object"] == "list"
    assert not hanging.done()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_a_lasting_trouble_stays_until_it_is_cleared(api: StripeApi, live: Client) -> None:
    account = "/v1/accounts/acct_1"
    api.troubles.always(account, DEAUTHORISED)
    api.troubles.then("/v1/accounts/*", SERVER_ERROR)
    statuses = [(await trouble_of(live, account)).http_status for _ in range(3)]
    assert statuses == [500, 403, 403]
    api.troubles.clear()
    assert (await live.get(OFFERS))["object"] == "list"


async def test_requests_can_be_waited_for_until_there_are_enough(api: StripeApi, live: Client) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(api.until_asked(OFFERS, times=3))
        for _ in range(3):
            await live.get(OFFERS)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await api.until_asked(OFFERS, times=4)


def test_troubles_are_taken_by_path_in_the_order_scripted() -> None:
    troubles = Troubles()
    troubles.then(ANY_OFFER, SERVER_ERROR, MISSING)
    troubles.then(OFFERS, HANG)
    assert troubles.take("/v1/accounts/acct_1") is None
    assert troubles.take(OFFERS) is HANG
    assert troubles.take(OFFERS) is None
    taken = [troubles.take(f"{OFFERS}/financingoffer_{number}") for number in range(3)]
    assert taken == [SERVER_ERROR, MISSING, None]
