"""The simulated API asked through Stripe's own package, once everything has happened."""

from collections.abc import AsyncIterator, Awaitable
from itertools import pairwise

import pytest
import stripe

from tests.simulator.asking import EVENTS, OFFERS, SUMMARY, TRANSACTIONS, Client, Object, clients
from worker.simulator.books import OFFER, Books
from worker.simulator.histories import History
from worker.simulator.kinds import ALL
from worker.simulator.stripe_api import StripeApi
from worker.simulator.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=314, accounts=3 * len(ALL), kinds=ALL)


@pytest.fixture
async def both(world: World) -> AsyncIterator[tuple[Client, Client]]:
    async with clients(StripeApi(world)) as both:
        yield both


@pytest.fixture
def live(both: tuple[Client, Client]) -> Client:
    return both[0]


def lived(world: World, kind: str) -> History:
    """A history of the kind, in live mode."""
    return next(history for history in world.histories if history.kind == kind and history.livemode)


def ids_of(world: World, kind: str, *, livemode: bool) -> set[str]:
    return {offer["id"] for offer in Books(world.histories).every(kind, livemode=livemode)}


def repaid(history: History, offer: str) -> int:
    transactions = [state.object for state in history.states if state.object.get("financing_offer") == offer]
    return sum(entry["details"]["total_amount"] for entry in transactions if entry["type"] == "payment")


async def refused(asked: Awaitable[object], error: type[stripe.StripeError], status: int) -> str:
    """The code of the error that Stripe's package raises for the answer."""
    with pytest.raises(error) as raised:
        await asked
    assert raised.value.http_status == status
    assert raised.value.request_id
    body = raised.value.json_body
    assert isinstance(body, dict)
    return str(body["error"].get("code", body["error"]["type"]))


async def test_every_offer_is_on_one_page_newest_first(world: World, live: Client) -> None:
    pages = await live.pages(OFFERS, limit=25)
    offers = [offer for page in pages for offer in page]
    assert {len(page) for page in pages[:-1]} == {25}
    assert len(offers) == len({offer["id"] for offer in offers})
    assert {offer["id"] for offer in offers} == ids_of(world, OFFER, livemode=True)
    assert all(newer["created"] >= older["created"] for newer, older in pairwise(offers))


async def test_ending_before_walks_the_same_pages_forward(live: Client) -> None:
    backward = await live.every(OFFERS)
    forward: list[Object] = [backward[-1]]
    more = True
    while more:
        page = await live.get(OFFERS, limit=100, ending_before=forward[0]["id"])
        forward, more = page["data"] + forward, page["has_more"]
    assert forward == backward


async def test_a_page_has_ten_entries_unless_another_number_is_asked_for(live: Client) -> None:
    assert len((await live.get(OFFERS))["data"]) == 10
    assert len((await live.get(OFFERS, limit=3))["data"]) == 3


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": 0}, "parameter_invalid"),
        ({"limit": 101}, "parameter_invalid"),
        ({"limit": "many"}, "parameter_invalid"),
        ({"created": {"gte": "yesterday"}}, "parameter_invalid"),
        ({"starting_after": "financingoffer_1", "ending_before": "financingoffer_2"}, "parameter_invalid"),
        ({"starting_after": "financingoffer_of_nobody"}, "resource_missing"),
        ({"connected_acount": "acct_1"}, "parameter_unknown"),
    ],
)
async def test_parameters_that_cannot_be_are_refused(live: Client, parameters: Object, code: str) -> None:
    assert await refused(live.get(OFFERS, **parameters), stripe.InvalidRequestError, 400) == code


async def test_offers_are_filtered_by_account_status_and_creation(live: Client) -> None:
    offers = await live.every(OFFERS)
    account, middle = offers[0]["account"], offers[len(offers) // 2]["created"]
    for parameters, wanted in (
        ({"connected_account": account}, [offer for offer in offers if offer["account"] == account]),
        ({"status": "expired"}, [offer for offer in offers if offer["status"] == "expired"]),
        ({"created": {"gt": middle}}, [offer for offer in offers if offer["created"] > middle]),
        ({"created": {"gte": middle}}, [offer for offer in offers if offer["created"] >= middle]),
        ({"created": {"lt": middle}}, [offer for offer in offers if offer["created"] < middle]),
        ({"created": {"lte": middle}}, [offer for offer in offers if offer["created"] <= middle]),
        ({"created": middle}, [offer for offer in offers if offer["created"] == middle]),
    ):
        assert await live.every(OFFERS, **parameters) == wanted != []


async def test_an_account_without_offers_has_an_empty_list(live: Client) -> None:
    page = await live.get(OFFERS, connected_account="acct_of_nobody")
    assert (page["object"], page["data"], page["has_more"], page["url"]) == ("list", [], False, OFFERS)


async def test_live_and_test_objects_never_meet(world: World, both: tuple[Client, Client]) -> None:
    for client, livemode in zip(both, (True, False), strict=True):
        offers = await client.every(OFFERS)
        assert {offer["id"] for offer in offers} == ids_of(world, OFFER, livemode=livemode)
        assert {offer["livemode"] for offer in offers} == {livemode}
    of_test = min(ids_of(world, OFFER, livemode=False))
    assert (await both[1].get(f"{OFFERS}/{of_test}"))["id"] == of_test
    assert await refused(both[0].get(f"{OFFERS}/{of_test}"), stripe.InvalidRequestError, 404) == "resource_missing"


async def test_offers_are_in_the_apis_own_shape_whatever_version_the_webhooks_have(live: Client) -> None:
    for offer in await live.every(OFFERS):
        assert "created_at" not in offer
        assert isinstance(offer["created"], int)
        if offer["status"] in {"accepted", "paid_out", "fully_repaid", "canceled", "rejected", "replaced"}:
            assert offer["created"] <= offer["status_transitions"][f"{offer['status']}_at"]
        assert None not in offer.values()


async def test_a_summary_shows_only_one_of_two_stacked_financings(world: World, both: tuple[Client, Client]) -> None:
    shown = set()
    for history in world.histories:
        if history.kind == "stacked_still_open":
            assert history.truth
            client = both[0] if history.livemode else both[1]
            summary = await client.get(SUMMARY, stripe_account=history.account)
            refills = {offer: truth.original is not None for offer, truth in history.truth.offers.items()}
            shown.add(refills[summary["financing_offer"]])
            terms = summary["details"]
            assert terms["paid_amount"] == repaid(history, summary["financing_offer"])
            assert terms["paid_amount"] + terms["remaining_amount"] == terms["advance_amount"] + terms["fee_amount"]
            assert summary["status"] == "accepted"
    assert shown == {True, False}


@pytest.mark.parametrize("kind", ["stacked_repaid", "charged_off"])
async def test_a_summary_without_open_financing_says_none(world: World, live: Client, kind: str) -> None:
    summary = await live.get(SUMMARY, stripe_account=lived(world, kind).account)
    assert (summary["status"], summary["financing_offer"], summary["details"]) == ("none", None, None)


async def test_the_summary_of_a_line_of_credit_is_the_one_told_last(world: World, live: Client) -> None:
    history = lived(world, "line_of_credit")
    told = [state.object for state in history.states if state.object["object"] == "capital.financing_summary"]
    summary = await live.get(SUMMARY, stripe_account=history.account)
    assert summary == {name: value for name, value in told[-1].items() if name != "account"}


async def test_transactions_are_listed_and_shown_to_their_own_account_alone(world: World, live: Client) -> None:
    history = lived(world, "paydown_named_by_transaction")
    mine = await live.every(TRANSACTIONS, stripe_account=history.account)
    told = [event.subject for event in history.events if event.type.endswith("transaction.created")]
    assert {transaction["id"] for transaction in mine} == set(told)
    assert await live.get(f"{TRANSACTIONS}/{mine[0]['id']}", stripe_account=history.account) == mine[0]
    of_one = await live.every(TRANSACTIONS, stripe_account=history.account, financing_offer=mine[0]["financing_offer"])
    assert {transaction["financing_offer"] for transaction in of_one} == {mine[0]["financing_offer"]}
    other = lived(world, "stacked").account
    asked = live.get(f"{TRANSACTIONS}/{mine[0]['id']}", stripe_account=other)
    assert await refused(asked, stripe.InvalidRequestError, 404) == "resource_missing"


async def test_an_account_shows_its_country_unless_it_is_hidden(world: World, both: tuple[Client, Client]) -> None:
    for history in world.histories:
        client = both[0] if history.livemode else both[1]
        if history.kind == "by_disclaimer":
            asked = client.get(f"/v1/accounts/{history.account}")
            assert await refused(asked, stripe.PermissionError, 403) == "account_invalid"
            assert await client.every(OFFERS, connected_account=history.account)
        elif history.kind in {"by_country", "canada", "paydown"}:
            assert (await client.get(f"/v1/accounts/{history.account}"))["country"] == history.country


async def test_an_account_that_is_not_connected_is_not_shown(live: Client) -> None:
    for asked in (live.get("/v1/accounts/acct_of_nobody"), live.get(SUMMARY, stripe_account="acct_of_nobody")):
        assert await refused(asked, stripe.PermissionError, 403) == "account_invalid"


async def test_a_key_that_is_none_of_stripes_is_refused(live: Client) -> None:
    await refused(live.get(OFFERS, api_key="secret"), stripe.AuthenticationError, 401)


@pytest.mark.parametrize("version", ["2026-10-28.endive", "2022-02-28"])
async def test_capital_needs_a_preview_version_and_events_do_not(live: Client, version: str) -> None:
    await refused(live.get(OFFERS, stripe_version=version), stripe.InvalidRequestError, 400)
    assert (await live.get(EVENTS, stripe_version=version))["data"]


@pytest.mark.parametrize("path", [SUMMARY, TRANSACTIONS])
async def test_what_belongs_to_an_account_needs_its_header(live: Client, path: str) -> None:
    await refused(live.get(path), stripe.InvalidRequestError, 400)


async def test_a_path_that_is_no_endpoint_is_not_found(live: Client) -> None:
    await refused(live.get("/v1/capital/loans"), stripe.InvalidRequestError, 404)
    await refused(live.response("post", OFFERS), stripe.InvalidRequestError, 404)


async def test_an_undelivered_offer_is_marked_delivered_and_any_other_stays(world: World, live: Client) -> None:
    statuses = {offer["status"]: offer["id"] for offer in await live.every(OFFERS)}
    for status, after in (("undelivered", "delivered"), ("paid_out", "paid_out")):
        path = f"{OFFERS}/{statuses[status]}"
        marked = await live.response("post", f"{path}/mark_delivered")
        assert isinstance(marked.data, dict)
        assert marked.data["status"] == after
        assert (await live.get(path))["status"] == after


async def test_every_request_is_logged_with_what_the_worker_sent(world: World) -> None:
    api = StripeApi(world)
    async with clients(api) as (_, test):
        await refused(test.get(SUMMARY, stripe_account="acct_of_nobody"), stripe.PermissionError, 403)
        await test.get(OFFERS, created={"gte": 5}, idempotency_key="once")
    summary, offers = api.requests
    assert (summary.request.account, summary.status) == ("acct_of_nobody", 403)
    assert (offers.request.method, offers.request.path, offers.status) == ("GET", OFFERS, 200)
    assert offers.request.parameters == {"created[gte]": "5"}
    assert (offers.request.livemode, offers.request.version) == (False, "2026-09-30.preview")
    assert offers.request.idempotency_key == "once"
    assert api.asked("/v1/capital/financing_s*") == (summary,)
