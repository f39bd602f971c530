"""Records to be taken in silence, as a lane takes them: decided, logged and parked like any other, and not told."""

import json

import pytest

from tests.contract.batches import PARTITION, committed, record
from tests.contract.fakes import Ledger, Tables
from tests.journeys.webhooks import offer_event
from tests.rules.records import observation, offer
from worker.consumer import letters
from worker.consumer.reading import Telling, read
from worker.headers import QUIET
from worker.ports import Headers, Record

BAD = {"created": "yesterday"}


def quietly(value: bytes, at: int, *headers: tuple[str, bytes]) -> Record:
    return record(value, at, (*headers, QUIET))


async def told(*taken: Record) -> list[tuple[int | None, str]]:
    """The sequence and the id of every notification, each record in a batch of its own."""
    ledger = Ledger(Tables())
    position = await ledger.claim(PARTITION, "one", 0)
    entries = []
    for item in taken:
        batch = await committed(ledger, position, [item])
        position = batch.after
        entries += [entry for entry in batch.entries if entry.destination == "notifications"]
    return [(entry.sequence, entry.id.removeprefix("live:")) for entry in entries]


async def test_a_quiet_record_owes_nothing_and_uses_no_sequence() -> None:
    assert await told(
        quietly(offer_event("evt_1"), 0), record(offer_event("evt_2", "accepted", status="accepted"), 1)
    ) == [(1, "financingoffer_acct_1:accepted")]


async def test_the_header_says_so_and_nothing_in_the_body_can() -> None:
    body = json.loads(offer_event("evt_1")) | {"capital_quiet": True}
    assert await told(record(json.dumps(body).encode(), 0)) == [(1, "financingoffer_acct_1:created")]


@pytest.mark.parametrize("value", [b"false", b"", b"True"])
async def test_a_header_of_another_value_does_not_silence(value: bytes) -> None:
    headers: Headers = ((QUIET[0], value),)
    assert await told(record(offer_event("evt_1"), 0, headers)) == [(1, "financingoffer_acct_1:created")]


async def test_that_an_account_waits_behind_a_quiet_record_is_told() -> None:
    assert await told(quietly(offer_event("evt_1", envelope=BAD), 0)) == [(1, "acct_1:attention:quarantined:acct_1")]


async def test_a_parked_record_is_as_quiet_when_it_is_redriven_as_when_it_came() -> None:
    command = {"id": "cmd_1", "type": "capital.command.discard", "created": 1, "livemode": True, "account": "acct_1"}
    discard = json.dumps(command | {"data": {"object": {"record_offset": 0}}}).encode()
    assert await told(
        record(offer_event("evt_0", envelope=BAD), 0),
        quietly(offer_event("evt_1"), 1),
        record(offer_event("evt_2", "accepted", status="accepted"), 2),
        record(discard, 3, (("ce_type", b"capital.command.discard"),)),
    ) == [(1, "acct_1:attention:quarantined:acct_1"), (2, "financingoffer_acct_1:accepted")]


def test_a_quiet_record_that_is_sent_home_stays_quiet() -> None:
    reading = read(quietly(offer_event("evt_1"), 0))
    assert isinstance(reading, Telling)
    assert QUIET in (letters.forward(reading.attributed, 1).headers or ())


@pytest.mark.parametrize(("announces", "expected"), [(True, ["created", "accepted", "paid_out"]), (False, [])])
async def test_an_observation_that_announces_its_offer_has_it_told(*, announces: bool, expected: list[str]) -> None:
    shown = offer(status="paid_out", accepted_terms={"advance_amount": 1})
    body = observation("offer", {"due": 0, "offer": shown["id"], "shown": shown, "announces": announces})
    headers = (("ce_type", b"capital.observation.offer"),)
    ids = [told for _, told in await told_of(body, headers)]
    assert [told for told in ids if told.startswith("financingoffer")] == [
        f"financingoffer_1:{milestone}" for milestone in expected
    ]
    assert await told_of(body, (*headers, QUIET)) == []


async def told_of(body: dict[str, object], headers: Headers) -> list[tuple[int | None, str]]:
    return await told(record(json.dumps(body).encode(), 0, headers))
