import pytest

from worker.ingress.cloudevent import headers, key
from worker.ingress.envelope import Envelope

COMPLETE = Envelope(
    "evt_1", "capital.financing_offer.created", 1_735_578_535, livemode=True, account="acct_1", object_id="fo_1"
)


def test_a_complete_event_has_every_attribute() -> None:
    assert headers(COMPLETE) == (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"evt_1"),
        ("ce_source", b"https://stripe.com/live"),
        ("ce_type", b"com.stripe.capital.financing_offer.created"),
        ("ce_time", b"2024-12-30T17:08:55Z"),
        ("ce_subject", b"fo_1"),
    )


def test_what_is_not_known_is_left_out() -> None:
    assert headers(Envelope("evt_1", "capital.new")) == (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"evt_1"),
        ("ce_source", b"https://stripe.com"),
        ("ce_type", b"com.stripe.capital.new"),
    )


@pytest.mark.parametrize(("livemode", "source"), [(True, b"/live"), (False, b"/test"), (None, b"")])
def test_the_source_names_stripe_and_the_mode(livemode: bool | None, source: bytes) -> None:  # noqa: FBT001 - a case
    assert dict(headers(Envelope("evt_1", "capital.new", livemode=livemode)))["ce_source"] == (
        b"https://stripe.com" + source
    )


def test_the_key_is_the_account_else_the_event_id() -> None:
    assert key(COMPLETE) == b"acct_1"
    assert key(Envelope("evt_1", "capital.new")) == b"evt_1"


@pytest.mark.parametrize(
    ("created", "time"),
    [
        (0, b"1970-01-01T00:00:00Z"),
        (-1, b"1969-12-31T23:59:59Z"),
        (-62_135_596_800, b"0001-01-01T00:00:00Z"),
        (1.5, b"1970-01-01T00:00:01.500000Z"),
        (10**15, None),
        (10**4_000, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_the_time_is_rfc_3339_in_utc_or_left_out(created: float, time: bytes | None) -> None:
    assert dict(headers(Envelope("evt_1", "capital.new", created))).get("ce_time") == time


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("evt 1%", b"evt 1%"),
        ("evt_é", "evt_é".encode()),
        ("evt_😀", "evt_😀".encode()),
        ("evt\r\nce_id: evt_2", b"evt%0D%0Ace_id: evt_2"),
        ("evt\x00", b"evt%00"),
        ("evt\x7f\x85", b"evt%7F%C2%85"),
        ("evt\ud800", b"evt%ED%A0%80"),
        ("evt\uffff", b"evt%EF%BF%BF"),
    ],
)
def test_what_cloudevents_forbids_is_percent_encoded(text: str, written: bytes) -> None:
    odd = Envelope(text, text, account=text, object_id=text)
    attributes = dict(headers(odd))
    assert attributes["ce_id"] == attributes["ce_subject"] == key(odd) == written
    assert attributes["ce_type"] == b"com.stripe." + written


def test_endless_ids_are_hashed_so_that_the_record_still_fits() -> None:
    first, second = (key(Envelope("e" * 200_000 + last, "capital.new")) for last in "12")
    assert first.startswith(b"sha256:")
    assert len(first) == len(second) == 71
    assert first != second
