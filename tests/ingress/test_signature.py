import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ingress.signature import Signatures, Verdict

from .webhooks import NEW_SECRET, OLD_SECRET, body, digest, signed

PAYLOAD = body()
NOW = int(time.time())


def judge(header: bytes | None, payload: bytes = PAYLOAD) -> Verdict:
    return Signatures((NEW_SECRET, OLD_SECRET)).judge(payload, header)


def in_full_width_digits() -> bytes:
    """A header whose signature is right for the number that its time means to `int`."""
    written = "".join(chr(0xFF10 + int(digit)) for digit in str(NOW))
    return f"t={written},v1={digest(PAYLOAD, at=NOW)}".encode()


@pytest.mark.parametrize("secret", [NEW_SECRET, OLD_SECRET])
def test_either_secret_passes_while_one_is_rolled(secret: str) -> None:
    assert judge(signed(PAYLOAD, secret)) == "genuine"


def test_two_signatures_in_one_header_pass_when_only_the_second_is_known() -> None:
    assert judge(signed(PAYLOAD, "whsec_unknown", OLD_SECRET)) == "genuine"


def test_a_signature_by_an_unknown_secret_is_wrong() -> None:
    assert judge(signed(PAYLOAD, "whsec_unknown")) == "wrong_signature"


def test_one_changed_byte_makes_the_signature_wrong() -> None:
    assert judge(signed(PAYLOAD), PAYLOAD.replace(b"acct_1", b"acct_2")) == "wrong_signature"


def test_white_space_counts_because_the_raw_bytes_are_signed() -> None:
    assert judge(signed(PAYLOAD), PAYLOAD + b"\n") == "wrong_signature"


@pytest.mark.parametrize(("age", "verdict"), [(290, "genuine"), (301, "stale_signature"), (10**9, "stale_signature")])
def test_a_signature_is_good_for_300_seconds(age: int, verdict: Verdict) -> None:
    assert judge(signed(PAYLOAD, at=int(time.time()) - age)) == verdict


def test_a_time_in_the_future_passes_as_it_does_with_stripe() -> None:
    assert judge(signed(PAYLOAD, at=NOW + 86_400)) == "genuine"


@pytest.mark.parametrize("header", [None, b""])
def test_no_header_is_unsigned(header: bytes | None) -> None:
    assert judge(header) == "unsigned"


@pytest.mark.parametrize(
    "header",
    [
        b"nonsense",
        b",",
        b"=",
        b"t=",
        b"t,v1",
        b"t=" + str(NOW).encode(),
        b"v1=" + digest(PAYLOAD, at=NOW).encode(),
        b"t=never,v1=" + digest(PAYLOAD, at=NOW).encode(),
        b"t=%d,v1" % NOW,
        b"t=%d,v1=" % NOW,
        b"t=%d,v0=" % NOW + digest(PAYLOAD, at=NOW).encode(),
        b"t=" + b"9" * 20_000 + b",v1=00",
        b"t=" + b"9" * 4_300 + b",v1=00",
        b"t=-1,v1=00",
        in_full_width_digits(),
        b"t=%d,v1=\xc3\xa9" % NOW,
        b"t=%d,v1=\xff\xfe" % NOW,
        b"t=%d\x00,v1=00" % NOW,
        b"\x00",
    ],
)
def test_a_header_that_is_none_is_wrong_and_breaks_nothing(header: bytes) -> None:
    assert judge(header) == "wrong_signature"


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary() | st.text("t=v1,+_- 09aé\x00").map(str.encode), st.binary())
def test_no_header_and_no_body_break_the_judgement(header: bytes, payload: bytes) -> None:
    assert judge(header, payload) in {"unsigned", "wrong_signature"}


def test_only_v1_counts_though_other_schemes_may_stand_beside_it() -> None:
    assert judge(signed(PAYLOAD) + b",v0=00,v2=zz") == "genuine"


@pytest.mark.parametrize("payload", [b"\xff\xfe{}", b'{"id":"\xed\xa0\x80"}', b"\xc0\x80"])
def test_a_body_that_is_no_utf_8_is_wrong_even_when_signed(payload: bytes) -> None:
    assert judge(signed(payload), payload) == "wrong_signature"


@pytest.mark.parametrize("payload", [b"", b"\x00", "\ufeff{}\r\n\u2028😀".encode()])
def test_any_utf_8_is_verified_byte_by_byte(payload: bytes) -> None:
    assert judge(signed(payload), payload) == "genuine"


@pytest.mark.parametrize("secrets", [(), ("",), (NEW_SECRET, " "), ("whsec_\udc80",), ("whsec_1\n",)])
def test_secrets_that_can_sign_nothing_are_refused_at_the_start(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Signatures(secrets)
