import pytest

from worker.traceparent import brought, derived, trace_id

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_a_valid_one_is_taken_as_it_is(flags: str) -> None:
    assert brought([("ce_id", b"evt_1"), ("traceparent", f"00-{TRACE}-{SPAN}-{flags}".encode())]) == (
        f"00-{TRACE}-{SPAN}-{flags}"
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE,
        f"01-{TRACE}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0g",
        f"00-{TRACE}-{SPAN}-01-more",
        f"{VALID}\n",
        f" {VALID}",
        VALID * 1_000,
    ],
)
def test_an_invalid_one_is_as_good_as_none(value: str) -> None:
    assert brought([("traceparent", value.encode())]) is None


def test_of_several_none_is_believed() -> None:
    assert brought([("traceparent", VALID.encode()), ("traceparent", VALID.encode())]) is None


def test_the_derived_trace_is_the_md5_of_the_id_and_is_valid() -> None:
    # As `printf evt_1 | md5sum` and Postgres' md5('evt_1') say.
    assert derived("evt_1") == "00-cc2454f1bb0f616538bbcce9538733cc-cc2454f1bb0f6165-01"
    assert brought([("traceparent", derived("evt_1").encode())]) == derived("evt_1")


def test_an_id_that_is_no_unicode_has_a_trace_too() -> None:
    assert len(trace_id(derived("evt_\ud800"))) == 32
