import json
import re
from collections import defaultdict
from typing import Any

import pytest

from worker.simulator.events import Event
from worker.simulator.world import World

SHAPES = {
    "capital.financing_offer": re.compile(r"financingoffer_[A-Za-z0-9]{24}"),
    "capital.financing_transaction": re.compile(r"cptxn_[A-Za-z0-9]{24}"),
}
NULLABLE = {"previous_financing_fee_discount_rate", "previous_financing_fee_discount_amount"}


@pytest.fixture(scope="module")
def events() -> tuple[Event, ...]:
    return World(seed=77, accounts=400).events()


@pytest.fixture(scope="module")
def offers(events: tuple[Event, ...]) -> list[dict[str, Any]]:
    objects = [json.loads(event.body)["data"]["object"] for event in events]
    return [entry for entry in objects if entry["object"] == "capital.financing_offer"]


def test_offer_events_are_between_1_and_2_5_kilobytes(events: tuple[Event, ...]) -> None:
    sizes = [len(event.body) for event in events if event.type.startswith("capital.financing_offer.")]
    assert min(sizes) >= 1_000
    assert max(sizes) <= 2_500
    assert max(sizes) > 1.8 * min(sizes)


def test_bodies_are_pretty_printed_utf_8_with_the_id_first(events: tuple[Event, ...]) -> None:
    for event in events:
        assert event.body.startswith(b'{\n  "id": "' + event.id.encode() + b'",\n  "object": "event",\n')
    assert any(not event.body.isascii() for event in events)


def test_the_envelope_says_what_the_event_says(events: tuple[Event, ...]) -> None:
    for event in events:
        payload = json.loads(event.body)
        assert (payload["type"], payload["livemode"], payload["created"]) == (event.type, event.livemode, event.created)
        assert payload["data"]["object"].get("id") == event.subject
        assert isinstance(payload["pending_webhooks"], int)
        assert payload["request"].keys() == {"id", "idempotency_key"}


def test_api_versions_are_not_always_dates(events: tuple[Event, ...]) -> None:
    versions = {json.loads(event.body)["api_version"] for event in events}
    assert {"2022-02-28", "2023-10-16; risk_in_requirements_beta=v1"} < versions


def test_ids_have_the_shapes_and_lengths_of_stripes(events: tuple[Event, ...]) -> None:
    for event in events:
        entry = json.loads(event.body)["data"]["object"]
        assert re.fullmatch(r"evt_[A-Za-z0-9]{24}", event.id)
        assert re.fullmatch(r"acct_[A-Za-z0-9]{16}", event.account)
        if entry["object"] in SHAPES:
            assert SHAPES[entry["object"]].fullmatch(entry["id"])


def test_a_capital_object_names_its_account_and_the_event_does_not(events: tuple[Event, ...]) -> None:
    for event in events:
        if event.type.startswith(("capital.financing_offer.", "capital.financing_transaction.")):
            payload = json.loads(event.body)
            assert payload["data"]["object"]["account"] == event.account
            assert "account" not in payload


def test_a_line_of_credit_update_names_its_account_somewhere(events: tuple[Event, ...]) -> None:
    places = set()
    for event in events:
        if event.type == "capital.financing_summary.line_of_credit_update":
            payload = json.loads(event.body)
            on_event, inside = payload.get("account"), payload["data"]["object"].get("account")
            assert {on_event, inside} - {None} == {event.account}
            places.add((on_event is not None, inside is not None))
    assert places == {(True, False), (False, True), (True, True)}


def test_what_stripe_omits_is_absent_and_not_null(offers: list[dict[str, Any]]) -> None:
    for offer in offers:
        assert None not in offer.values()
        for terms in ("offered_terms", "accepted_terms"):
            assert {name for name, value in offer.get(terms, {}).items() if value is None} <= NULLABLE
    assert {"disclaimer_variant" in offer for offer in offers} == {True, False}
    assert {"accepted_terms" in offer for offer in offers} == {True, False}


def test_accepted_terms_are_there_from_acceptance_on_and_never_exceed_the_offer(offers: list[dict[str, Any]]) -> None:
    for offer in offers:
        if offer["status"] in {"accepted", "paid_out", "fully_repaid"}:
            assert 0 < offer["accepted_terms"]["advance_amount"] <= offer["offered_terms"]["advance_amount"]
        if offer["status"] in {"undelivered", "prequalified", "expired"}:
            assert "accepted_terms" not in offer


def test_money_is_in_whole_minor_units_and_expiry_in_fractional_seconds(offers: list[dict[str, Any]]) -> None:
    for offer in offers:
        terms = offer["offered_terms"]
        assert isinstance(terms["advance_amount"], int)
        assert isinstance(terms["fee_amount"], int)
        assert 0 < terms["withhold_rate"] < 1
        assert isinstance(offer["expires_after"], float)


def test_creation_is_called_created_or_created_at_by_api_version(offers: list[dict[str, Any]]) -> None:
    spellings = {("created" in offer, "created_at" in offer, "status_transitions" in offer) for offer in offers}
    assert spellings == {(True, False, True), (False, True, False)}


def test_currency_and_disclaimer_fit_each_other(offers: list[dict[str, Any]]) -> None:
    variants: defaultdict[str, set[str]] = defaultdict(set)
    for offer in offers:
        if "disclaimer_variant" in offer:
            variants[offer["offered_terms"]["currency"]].add(offer["disclaimer_variant"])
    assert variants == {
        "usd": {"celtic_us_loan", "youlend_us_mca"},
        "gbp": {"youlend_uk_mca"},
        "eur": {"youlend_de_financing", "youlend_fr_financing"},
        "aud": {"fundbox_au_financing"},
        "cad": {"fundbox_ca_financing"},
    }


def test_unknown_types_and_statuses_appear(events: tuple[Event, ...], offers: list[dict[str, Any]]) -> None:
    assert "capital.financing_offer.teleported" in {event.type for event in events}
    assert {"prequalified", "under_second_review"} < {offer["status"] for offer in offers}


def test_a_twin_differs_in_its_event_id_alone(events: tuple[Event, ...]) -> None:
    event = events[0]
    twin = event.under("evt_1other")
    assert json.loads(twin.body) == json.loads(event.body) | {"id": "evt_1other"}
    assert (twin.subject, twin.type, twin.account, twin.created) == (
        event.subject,
        event.type,
        event.account,
        event.created,
    )
    assert twin.body == event.body.replace(event.id.encode(), b"evt_1other")
