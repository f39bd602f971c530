import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.batches import record
from tests.journeys.webhooks import TRANSACTION_EXAMPLE, completed_example, offer_event
from worker.consumer.decode import Attributed, Unattributable, attribute, read_offer_event
from worker.consumer.reading import Foreign, Telling, Untelling, read
from worker.rules.facts import LineOfCreditEvent, OfferEvent, TransactionEvent, UnknownEvent
from worker.rules.milestones import Milestone
from worker.simulator.kinds import ALL
from worker.simulator.world import World

MEGABYTE = 1_000_000
WRONG: tuple[object, ...] = (None, "", "\x00", -1, 1.5, True, [], {}, "acct_2")


def told(value: bytes) -> Telling:
    """What a record that can be applied says."""
    reading = read(record(value, 0))
    assert isinstance(reading, Telling), reading
    return reading


def fact_of(value: bytes) -> OfferEvent:
    fact = told(value).understood.fact
    assert isinstance(fact, OfferEvent)
    return fact


def event(shown: object, **envelope: Any) -> bytes:  # noqa: ANN401 - any JSON
    return json.dumps(
        {
            "id": "evt_1",
            "type": "capital.financing_offer.created",
            "livemode": True,
            "created": 1,
            "data": {"object": shown},
        }
        | envelope
    ).encode()


@pytest.mark.parametrize(
    ("inside", "on_top"), [("acct_1", None), (None, "acct_1"), ("acct_1", "acct_1")], ids=["inside", "on-top", "both"]
)
def test_the_account_is_named_on_the_event_or_in_its_object(inside: str | None, on_top: str | None) -> None:
    attributed = attribute(record(offer_event("evt_1", account=inside, envelope={"account": on_top}), 0))
    assert isinstance(attributed, Attributed)
    assert attributed.key == (True, "acct_1")


def test_a_key_is_no_evidence() -> None:
    assert isinstance(attribute(record(offer_event("evt_1", account=None), 0, key=b"acct_1")), Unattributable)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        b'{"a": "\\ud800"}',
        b'{"data":' * 5_000,
        offer_event("evt_1", account=None),
        offer_event("evt_1", envelope={"account": "acct_2"}),
        offer_event("evt_1", account="acct with spaces"),
        offer_event("evt_1", envelope={"livemode": "true"}),
        offer_event("evt_1", envelope={"livemode": 1}),
        offer_event("evt_1", envelope={"livemode": None}),
        offer_event("evt_1", envelope={"id": None}),
        offer_event("evt\x00_1"),
    ],
)
def test_what_does_not_name_one_account_and_a_mode_cannot_be_attributed_and_raises_nothing(value: bytes | None) -> None:
    reading = read(record(value, 0))
    assert isinstance(reading, Unattributable)
    assert reading.reason


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(event({"id": 5, "account": "acct_1"}), id="object-id-is-a-number"),
        pytest.param(event(None, account="acct_1"), id="no-object-and-the-account-on-top"),
    ],
)
def test_a_record_that_names_one_account_and_a_mode_is_that_account_s_however_odd_the_rest(value: bytes) -> None:
    assert isinstance(read(record(value, 0)), Untelling)


@pytest.mark.parametrize(
    "changes",
    [
        {"envelope": {"created": "yesterday"}},
        {"envelope": {"created": -1}},
        {"envelope": {"created": 10**12}},
        {"id": "financing\x00offer"},
        {"status": "a\x00b"},
        {"offered_terms": {"advance_amount": 2**63}},
        {"offered_terms": {"advance_amount": 1.5}},
        {"offered_terms": {"withhold_rate": "a lot"}},
        {"offered_terms": {"withhold_rate": -0.1}},
        {"offered_terms": {"withhold_rate": True}},
        {"expires_after": 10**15},
    ],
)
def test_an_attributable_event_that_no_table_could_hold_is_invalid_and_says_where_but_not_what(
    changes: dict[str, Any],
) -> None:
    reading = read(record(offer_event("evt_1", **changes), 0))
    assert isinstance(reading, Untelling)
    path = "created" if "envelope" in changes else next(iter(changes))
    assert path in reading.invalid.reason
    assert "yesterday" not in reading.invalid.reason
    assert "a lot" not in reading.invalid.reason


def test_a_rate_with_an_exponent_without_end_costs_no_memory() -> None:
    value = offer_event("evt_1", offered_terms={"withhold_rate": "1e-20000000"})
    tracemalloc.start()
    try:
        reading = read(record(value, 0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(reading, Untelling)
    assert peak < MEGABYTE


@pytest.mark.parametrize(
    ("name", "milestone"),
    [
        *((milestone.value, milestone) for milestone in Milestone if milestone is not Milestone.REPLACED),
        ("replacement_created", Milestone.CREATED),
    ],
)
def test_an_event_s_type_is_the_transition_whatever_its_object_s_status_says(name: str, milestone: Milestone) -> None:
    fact = fact_of(offer_event("evt_1", name, status="under_second_review"))
    assert fact.milestone is milestone
    assert fact.replaces == (name == "replacement_created")


def test_the_page_s_example_is_understood() -> None:
    fact = fact_of(completed_example("evt_1"))
    assert fact.milestone is Milestone.ACCEPTED
    assert fact.snapshot.fields == {
        "created": 123456789,
        "expires_after": 123456789,
        "product_type": "refill",
        "financing_type": "flex_loan",
        "offered_terms.advance_amount": 100000,
        "offered_terms.fee_amount": 10000,
        "offered_terms.currency": "usd",
        "offered_terms.withhold_rate": "0.15",
        "offered_terms.campaign_type": "repeat_user",
        "offered_terms.previous_financing_fee_discount_rate": "0.5",
        "accepted_terms.advance_amount": 100000,
        "accepted_terms.fee_amount": 10000,
        "accepted_terms.currency": "usd",
        "accepted_terms.withhold_rate": "0.15",
    }


def test_what_is_null_or_absent_is_not_known() -> None:
    fields = fact_of(
        offer_event("evt_1", accepted_terms={"previous_financing_fee_discount_amount": None})
    ).snapshot.fields
    assert not [name for name in fields if name.startswith("accepted_terms")]


def test_a_real_transaction_is_understood() -> None:
    fact = told(TRANSACTION_EXAMPLE.encode()).understood.fact
    assert isinstance(fact, TransactionEvent)
    assert (fact.transaction.id, fact.transaction.total_amount, fact.created) == ("cptxn_1", 17414, 1735578535)


def test_a_type_that_nobody_documented_is_kept() -> None:
    assert told(offer_event("evt_1", "teleported")).understood.fact == UnknownEvent(
        "capital.financing_offer.teleported"
    )


def test_a_type_that_is_not_capital_s_is_foreign() -> None:
    assert isinstance(read(record(offer_event("evt_1", envelope={"type": "charge.succeeded"}), 0)), Foreign)


@pytest.mark.parametrize("kind", ["capital.observation.offer", "capital.command.redrive"])
def test_an_event_that_only_calls_itself_an_observation_or_a_command_is_none(kind: str) -> None:
    stripes = (("ce_type", f"com.stripe.{kind}".encode()),)
    reading = read(record(offer_event("evt_1", envelope={"type": kind}), 0, stripes))
    assert isinstance(reading, Telling)
    assert reading.understood.fact == UnknownEvent(kind)


def test_every_event_of_a_world_is_understood() -> None:
    for happened in World(seed=15, accounts=60).events():
        reading = read(record(happened.body, 0))
        if not happened.type.startswith("capital."):
            assert not isinstance(reading, Telling)
            continue
        assert isinstance(reading, Telling)
        assert reading.attributed.key == (happened.livemode, happened.account)
        assert reading.understood.created == happened.created
        if happened.type.endswith("line_of_credit_update"):
            assert isinstance(reading.understood.fact, LineOfCreditEvent)


def damaged(shown: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An object with each of its fields, at any depth, gone, null or of a wrong kind."""
    for name, value in shown.items():
        yield {other: kept for other, kept in shown.items() if other != name}
        yield from (shown | {name: wrong} for wrong in WRONG)
        if isinstance(value, dict):
            yield from (shown | {name: inner} for inner in damaged(value))


def test_what_is_read_in_one_pass_is_what_careful_reading_says() -> None:
    bodies = [event.body for event in World(seed=3, accounts=len(ALL), kinds=ALL).events()]
    longest = max((body for body in bodies if b'"capital.financing_offer.' in body), key=len)
    bodies += [json.dumps(body).encode() for body in damaged(json.loads(longest))]
    swift = 0
    for body in bodies:
        named = json.loads(body).get("type")
        careful = record(body, 0)
        whole = replace(careful, headers=(("ce_type", f"com.stripe.{named}".encode()),))
        reading = read(careful)
        if (found := read_offer_event(whole)) is not None:
            swift += 1
            assert isinstance(reading, Telling)
            assert found == (replace(reading.attributed, record=whole), reading.understood)
    assert swift > len(bodies) / 4
