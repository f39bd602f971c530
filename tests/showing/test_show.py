"""The command `show` on what a real worker wrote into a real Postgres."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.journeys.system import System
from tests.journeys.webhooks import TRANSACTION_EXAMPLE, offer_event, post
from worker.embedded import Kafka, Postgres
from worker.showing.document import Document

pytestmark = pytest.mark.timeout(180)

OFFER = "financingoffer_1Ri30S9xYFDjzG5mV0dFNmL0"
TERMS = {"advance_amount": 100_000, "currency": "usd", "fee_amount": 10_000, "withhold_rate": 0.15}


@pytest.fixture(scope="module")
async def serving(kafka: Kafka, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A system whose worker runs; each test has an account of its own on it."""
    system = System("showing", kafka.bootstrap, postgres.url, tmp_path_factory.mktemp("showing") / "logs")
    try:
        await system.prepare()
        await system.serve()
        yield system
    finally:
        await system.close()


async def give(system: System, *bodies: bytes) -> None:
    """Deliver these in order, and wait until all have been applied."""
    for body in bodies:
        assert (await post(system.url, body, system.secrets)).status_code == 200
    await system.caught_up()


def lines_with(text: str, *parts: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if all(part in line for part in parts)]


def line_after(text: str, part: str) -> str:
    lines = iter(text.splitlines())
    next(line for line in lines if part in line)
    return next(lines).strip()


async def test_disordered_and_repeated_events_are_told_with_what_came_of_each(serving: System) -> None:
    account = "acct_1disorder0000001"
    accepted = offer_event("evt_1accepted123", "accepted", account=account, id=OFFER, offered_terms=TERMS)
    created = offer_event("evt_1created1234", "created", account=account, id=OFFER, offered_terms=TERMS)
    repaid = offer_event("evt_1repaid12345", "fully_repaid", account=account, id=OFFER)
    paid = TRANSACTION_EXAMPLE.replace("acct_1", account).encode()
    await give(serving, accepted, created, created, repaid, paid)
    shown = await serving.run("show", account)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith(f"{account}  live ──")
    assert line_after(shown.out, "evt_1accepted123") == "held, released later by …ted1234 as #2"
    assert line_after(shown.out, "evt_1created1234") == "#1 offer.created"
    assert lines_with(shown.out, "evt_1created1234", "came 2 times")
    assert lines_with(shown.out, "#2 offer.accepted", "held for")
    assert line_after(shown.out, "evt_1repaid12345") == "held: fully_repaid waits for paid_out"
    assert lines_with(shown.out, "#3 transaction.recorded", "payment 174.14 usd")
    assert lines_with(shown.out, OFFER, "accepted", "offered 1,000.00 + 100.00 usd at 15%")
    assert lines_with(shown.out, "cptxn_1", "174.14 usd")
    assert lines_with(shown.out, "last notification #3", "1 held")


async def test_json_is_the_whole_document_and_the_same_each_time(serving: System) -> None:
    account = "acct_1json00000000001"
    await give(serving, offer_event("evt_1json", account=account, id=OFFER, offered_terms=TERMS))
    shown = await serving.run("show", account, "--json")
    assert (shown.status, shown.err) == (0, "")
    document = Document.model_validate_json(shown.out)
    (mode,) = document.modes
    assert (document.account, mode.mode, mode.last_sequence) == (account, "live", 1)
    (arrival,) = mode.arrivals
    (released,) = arrival.released
    assert (arrival.id, arrival.times, released.sequence) == ("evt_1json", 1, 1)
    assert released.data["offer"]["offered_terms"]["advance_amount"] == 100_000
    assert [offer.id for offer in mode.offers] == [OFFER]
    assert (await serving.run("show", account, "--json")).out == shown.out
    assert list(json.loads(shown.out)) == ["account", "modes"]


async def test_both_modes_are_shown_apart_and_one_can_be_chosen(serving: System) -> None:
    account = "acct_1modes0000000001"
    await give(
        serving,
        offer_event("evt_1test", account=account, envelope={"livemode": False}),
        offer_event("evt_1live", account=account),
    )
    both = (await serving.run("show", account)).out
    assert both.index(f"{account}  live") < both.index("evt_1live") < both.index(f"{account}  test")
    assert "evt_1test" in both
    assert "evt_1live" not in (await serving.run("show", account, "--test")).out
    assert "evt_1test" not in (await serving.run("show", account, "--live")).out


async def test_a_quarantined_account_shows_why_and_what_waits(serving: System) -> None:
    account = "acct_1quarantine00001"
    broken = offer_event("evt_1broken", account=account, id=OFFER, offered_terms={"advance_amount": "much"})
    await give(serving, broken, offer_event("evt_1behind", "accepted", account=account, id=OFFER))
    shown = (await serving.run("show", account)).out
    assert lines_with(shown, "QUARANTINED since", "evt_1broken")
    assert lines_with(shown, "quarantined: data.object.offered_terms.advance_amount")
    assert lines_with(shown, "#1 account.attention", "quarantined:")
    assert lines_with(shown, "copied to the dead-letter topic")
    assert lines_with(shown, "1 record waits behind it")
    assert line_after(shown, "  evt_1behind") == "waits behind the quarantined record"


async def test_an_unknown_account_is_said_on_standard_error_with_status_1(serving: System) -> None:
    shown = await serving.run("show", "acct_unknown", "--test", "--json")
    assert (shown.status, shown.out) == (1, "")
    assert shown.err == "show: nothing has come for the account 'acct_unknown' in test mode\n"


async def test_a_database_without_the_schema_is_named_with_what_to_run(serving: System) -> None:
    shown = await serving.run("show", "acct_1", CAPITAL_DATABASE_SCHEMA="elsewhere")
    assert (shown.status, shown.out) == (1, "")
    assert "run `capital-worker migrate`" in shown.err


async def test_a_database_that_does_not_answer_is_one_line(serving: System) -> None:
    shown = await serving.run("show", "acct_1", CAPITAL_DATABASE_URL="postgresql://x:y@127.0.0.1:1/z")
    assert shown.status == 1
    assert shown.err.startswith("show: postgres: ")
    assert len(shown.err.splitlines()) == 1
