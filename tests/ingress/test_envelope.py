import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ingress.cloudevent import headers
from worker.ingress.envelope import Envelope, read

from .webhooks import body, body_with, event, offer

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=["L", "C", "P"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
DEEP = "[" * 10_000 + "]" * 10_000


def known(payload: bytes) -> Envelope:
    envelope = read(payload)
    assert envelope is not None
    return envelope


def test_the_envelope_of_an_event_is_read() -> None:
    assert read(body()) == Envelope(
        event_id="evt_1",
        event_type="capital.financing_offer.created",
        created=1_735_578_535,
        livemode=True,
        account="acct_1",
        object_id="financingoffer_1",
    )


def test_an_id_and_a_type_are_enough() -> None:
    assert read(b'{"id":"evt_1","type":"capital.new"}') == Envelope("evt_1", "capital.new")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"no json",
        b"null",
        b"[]",
        b'"evt_1"',
        b"{}",
        b"\xff",
        b'{"id":"evt_1"}',
        b'{"type":"capital.new"}',
        b'{"id":1,"type":"capital.new"}',
        b'{"id":null,"type":"capital.new"}',
        b'{"id":"evt_1","type":["capital.new"]}',
        b'{"id":"","type":"capital.new"}',
        b'{"id":"evt_1","type":""}',
        b'[{"id":"evt_1","type":"capital.new"}]',
        body()[:-1],
        body() + b"}",
        body() + body(),
        body().replace(b"evt_1", b"evt_\x001"),
        DEEP.encode(),
        b"[" * 100_000,
        b'{"id":"evt_1","type":"capital.new","x":' + b"[" * 100_000,
        b'{"id":"evt_1","type":"capital.new","x":"' + b'\\"' * 100_000,
    ],
)
def test_what_is_no_object_with_an_id_and_a_type_has_no_envelope(payload: bytes) -> None:
    assert read(payload) is None


def test_an_unfinished_string_full_of_quotes_is_given_up_in_linear_time() -> None:
    begun = time.perf_counter()
    assert read(b'{"id":"' + b'\\"' * 120_000) is None
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    "extra",
    [
        DEEP,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "NaN",
        "-Infinity",
        "9" * 100_000,
        "-" + "9" * 5_000,
        "1e999",
        "0." + "1" * 5_000,
        '"\\ud800"',
        '"\\udc00\\ud800"',
        '"\\u0000"',
        '"' + "[" * 100_000 + '"',
        '"]}\\"]}"',
        '"\\\\"',
        '{"id": "evt_other", "account": "acct_other", "object": {"account": "acct_other"}}',
    ],
)
def test_nothing_else_in_the_event_hides_its_envelope(extra: str) -> None:
    assert read(body_with(extra)) == read(body())


def test_of_two_members_of_one_name_the_last_counts() -> None:
    envelope = known(body_with('1, "id": "evt_2", "data": {"object": {"account": "acct_2"}}'))
    assert (envelope.event_id, envelope.account) == ("evt_2", "acct_2")
    assert known(body_with('NaN, "id": "evt_2", "livemode": "?"')).event_id == "evt_2"


@pytest.mark.parametrize(
    ("top", "inner", "account"),
    [
        (None, "acct_1", "acct_1"),
        ("acct_1", None, "acct_1"),
        ("acct_1", "acct_1", "acct_1"),
        ("acct_1", "acct_2", None),
        (None, None, None),
        ("", "acct_1", "acct_1"),
        ("", "", None),
        (7, "acct_1", "acct_1"),
        ("acct_1", {"id": "acct_2"}, "acct_1"),
        (["acct_1"], False, None),
    ],
)
def test_an_event_belongs_to_the_one_account_it_names(top: object, inner: object, account: str | None) -> None:
    assert known(body(account=top, data=offer(account=inner))).account == account


@pytest.mark.parametrize("data", [None, 7, "text", [], {}, {"object": None}, {"object": "financingoffer_1"}])
def test_data_of_any_shape_is_kept_without_an_account(data: object) -> None:
    assert known(json.dumps(event() | {"data": data}).encode()) == Envelope(
        "evt_1", "capital.financing_offer.created", 1_735_578_535, livemode=True
    )


@pytest.mark.parametrize("livemode", ["true", 1, 0, None, {}])
def test_a_livemode_that_is_no_boolean_is_not_known(livemode: object) -> None:
    assert known(body(livemode=livemode)).livemode is None


@pytest.mark.parametrize("created", ["1735578535", True, None, [1]])
def test_a_created_that_is_no_number_is_not_known(created: object) -> None:
    assert known(body(created=created)).created is None


@pytest.mark.parametrize("name", ["acct_\\ud800", "acct_\\u0000", "acct_é"])
def test_an_odd_account_is_still_an_account(name: str) -> None:
    payload = body().replace(b"acct_1", name.encode())
    assert known(payload).account == json.loads(f'"{name}"')


@settings(max_examples=200, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(["created", "livemode", "account", "data", "object", "x"]), ANYTHING))
def test_whatever_else_json_can_say_an_id_and_a_type_are_enough(members: dict[str, object]) -> None:
    envelope = known(json.dumps({"id": "evt_1", "type": "capital.new"} | members).encode())
    assert (envelope.event_id, envelope.event_type) == ("evt_1", "capital.new")
    assert all(value.decode("utf-8") for _, value in headers(envelope))


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary() | st.text('[]{}",:\\x0 ').map(str.encode))
def test_no_bytes_break_the_reading(payload: bytes) -> None:
    read(payload)
