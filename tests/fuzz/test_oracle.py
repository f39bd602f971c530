"""The oracle itself, held to expectations written by hand."""

import pytest

from tests.fuzz.oracle import LIMIT, Judgement, judge


def event(more: str = "") -> bytes:
    return ('{"id":"evt_1","type":"capital.new"' + more + "}").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("", "evt_1"),
        (',"account":"acct_1"', "acct_1"),
        (',"data":{"object":{"account":"acct_1"}}', "acct_1"),
        (',"account":"acct_1","data":{"object":{"account":"acct_1"}}', "acct_1"),
        (',"account":"acct_2","data":{"object":{"account":"acct_1"}}', "evt_1"),
        (',"account":"acct_2","account":"acct_1"', "acct_1"),
        (',"account":7', "evt_1"),
        (',"account":""', "evt_1"),
        (',"data":[]', "evt_1"),
        (',"x":' + "[" * 9_999 + "]" * 9_999, "evt_1"),
        (',"x":[1e999,NaN,-Infinity,' + "9" * 5_000 + "]", "evt_1"),
        (',"x":"\\ud800","id":"evt_2"', "evt_2"),
        (',"a":{"b":{"c":[not json, "but balanced ]"]}}', "evt_1"),
    ],
)
def test_an_object_with_an_id_and_a_type_is_accepted_whatever_else_it_holds(more: str, key: str) -> None:
    assert judge(event(more)) == Judgement("accepted", key)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'"capital.new"',
        b'{"id":"evt_1"}',
        b'{"id":1,"type":"capital.new"}',
        b'{"id":"","type":"capital.new"}',
        event(',"id":null'),
        event(",")[:-1],
        event(","),
        event("]"),
        event(',"x":01'),
        event(',"x":"\t"'),
        event(',"x":"\\q"'),
        event(',"x":"'),
        event() + b"x",
        b"\xef\xbb\xbf" + event(),
    ],
)
def test_anything_else_is_unreadable(body: bytes) -> None:
    assert judge(body) == Judgement("unreadable")


def test_other_types_are_ignored_and_other_bodies_refused() -> None:
    assert judge(b'{"id":"evt_1","type":"charge.succeeded"}').due == "ignored"
    assert judge(event(',"x":"\ud800"')).due == "wrong_signature"
    assert judge(b" " * LIMIT + event()).due == "too_large"
