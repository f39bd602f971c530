import pytest

from schemas.notifications import schema_id
from tests.contract.entries import dead_letter, entry
from worker.topic.cloud_events import headers_of, time_of
from worker.traceparent import derived


def test_a_notification_has_every_header_of_the_binding_and_of_ours() -> None:
    assert headers_of(entry(7, sequence=42, id="live:financingoffer_1:created")) == (
        ("ce_specversion", b"1.0"),
        ("ce_id", b"live:financingoffer_1:created"),
        ("ce_source", b"/capital-worker/live"),
        ("ce_type", b"capital.offer.created.v1"),
        ("ce_time", b"2024-12-30T17:00:00.123Z"),
        ("ce_subject", b"financingoffer_1"),
        ("ce_partitionkey", b"acct_1"),
        ("ce_livemode", b"true"),
        ("ce_sequence", b"0000000042"),
        ("ce_causationid", b"evt_1"),
        ("ce_dataschema", schema_id("capital.offer.created.v1").encode()),
        ("content-type", b"application/json"),
        ("traceparent", derived("evt_1").encode()),
    )


def test_a_notification_is_in_the_trace_that_its_record_brought() -> None:
    brought = f"00-{'a' * 32}-{'b' * 16}-00"
    assert dict(headers_of(entry(traceparent=brought)))["traceparent"] == brought.encode()


def test_a_notification_of_test_mode_says_so_in_source_and_livemode() -> None:
    headers = dict(headers_of(entry(livemode=False)))
    assert (headers["ce_source"], headers["ce_livemode"]) == (b"/capital-worker/test", b"false")


def test_sequences_sort_as_text() -> None:
    written = [dict(headers_of(entry(sequence=number)))["ce_sequence"] for number in (2, 10, 9_999_999_999)]
    assert sorted(written) == written


def test_a_record_that_is_passed_on_keeps_its_own_headers_and_gets_no_other() -> None:
    assert headers_of(dead_letter()) == dead_letter().headers


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_735_578_000_123, "2024-12-30T17:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_rfc_3339_in_utc_with_milliseconds(milliseconds: int, written: str) -> None:
    assert time_of(milliseconds) == written
