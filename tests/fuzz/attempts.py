"""Attempts: what one connection sends, and which answers are due to it where that can be told."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.fuzz.bodies import body
from tests.fuzz.mutation import mutated
from tests.fuzz.oracle import STATUS, Judgement, judge

Kind = Literal["body", "signature", "pipelined", "raw"]
# How a client may leave: it reads to the end, says that it has sent everything, or tears the connection down.
Ending = Literal["read", "half_close", "abort"]
STALE_SECONDS = 400
METRICS = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"


@dataclass(frozen=True)
class Expected:
    """A request that is well-formed HTTP: its status, and for a genuine body the judgement on it."""

    status: int
    body: bytes
    judgement: Judgement | None = None


@dataclass(frozen=True)
class Attempt:
    """One connection's bytes in pieces; `expected` is empty where nobody can say what is due."""

    number: int
    kind: Kind
    pieces: Sequence[bytes]
    expected: Sequence[Expected]
    ending: Ending
    signed: Sequence[bytes]


def attempt(seed: int, number: int, secrets: Sequence[str]) -> Attempt:
    """The attempt of that number; but for the time in its signature, always the same."""
    chance = Random(f"{seed}/{number}")
    kind: Kind = chance.choices(("body", "signature", "pipelined", "raw"), (50, 10, 10, 30))[0]
    match kind:
        case "body":
            return _with_body(chance, number, secrets)
        case "signature":
            return _with_signature(chance, number, secrets)
        case "pipelined":
            return _pipelined(chance, number, secrets)
        case "raw":
            return _raw(chance, number, secrets)


def _with_body(chance: Random, number: int, secrets: Sequence[str]) -> Attempt:
    payload = body(chance, number)
    judgement = judge(payload)
    message = _message(chance, payload, _signature(chance, payload, secrets))
    expected = Expected(STATUS[judgement.due], payload, judgement)
    return Attempt(number, "body", _pieces(chance, message), [expected], "read", [payload])


def _with_signature(chance: Random, number: int, secrets: Sequence[str]) -> Attempt:
    payload = _plain(number)
    genuine = _signature(chance, payload, secrets)
    if chance.random() < 0.3:
        signature, expected, signed = genuine + b",v0=00,v2=zz,x", Expected(200, payload, judge(payload)), [payload]
    else:
        signature, expected, signed = _spoiled(chance, payload, genuine, secrets), Expected(400, payload), []
    message = _message(chance, payload, signature)
    return Attempt(number, "signature", _pieces(chance, message), [expected], "read", signed)


def _spoiled(chance: Random, payload: bytes, genuine: bytes, secrets: Sequence[str]) -> bytes:
    """A header that proves nothing."""
    return chance.choice(
        (
            b"",
            b"," * 1_000,
            genuine.replace(b"v1=", b"v0="),
            genuine.replace(b"t=", b"t=1"),
            genuine.replace(b"t=", b"t=\xff"),
            _signed(payload + b" ", secrets[0]),
            _signed(payload, f"{secrets[0]}x"),
            _signed(payload, secrets[0], at=int(time.time()) - STALE_SECONDS),
            b"t=" + b"9" * 5_000 + b",v1=00",
            bytes(byte for byte in chance.randbytes(200) if byte > 32 and byte != 127),
        )
    )


def _pipelined(chance: Random, number: int, secrets: Sequence[str]) -> Attempt:
    """Several small requests at once; their answers come in this order."""
    payloads = [_plain(number, part) for part in range(chance.randint(2, 4))]
    wrong = [chance.random() < 0.3 for _ in payloads]
    messages = [
        _message(chance, payload, b"t=1,v1=00" if refused else _signature(chance, payload, secrets), chunked=False)
        for payload, refused in zip(payloads, wrong, strict=True)
    ]
    expected = [
        Expected(400, payload) if refused else Expected(200, payload, judge(payload))
        for payload, refused in zip(payloads, wrong, strict=True)
    ]
    signed = [payload for payload, refused in zip(payloads, wrong, strict=True) if not refused]
    return Attempt(number, "pipelined", _pieces(chance, b"".join(messages)), expected, "read", signed)


def _raw(chance: Random, number: int, secrets: Sequence[str]) -> Attempt:
    """Bytes that were a request or two once."""
    payload = _plain(number) if chance.random() < 0.5 else body(chance, number)[:2_000]
    message = _message(chance, payload, _signature(chance, payload, secrets))
    if chance.random() < 0.2:
        message += chance.choice(
            (b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", b"HEAD /livez HTTP/1.0\r\n\r\n", message)
        )
    if chance.random() < 0.05:
        message = chance.randbytes(chance.randint(1, 1_000))
    ending: Ending = chance.choices(("half_close", "abort", "read"), (70, 20, 10))[0]
    return Attempt(number, "raw", _pieces(chance, mutated(chance, message)), [], ending, [payload])


def _plain(number: int, part: int = 0) -> bytes:
    event = {"id": f"evt_{number}_{part}", "type": "capital.financing_offer.created", "account": f"acct_{number % 20}"}
    return json.dumps(event).encode()


def _message(chance: Random, payload: bytes, signature: bytes, *, chunked: bool | None = None) -> bytes:
    """A whole request, well-formed, in one of the ways that HTTP allows."""
    lines = [b"POST /webhooks/stripe HTTP/1.1", b"host: localhost", b"stripe-signature: " + signature]
    lines += chance.choice(([], [b"x-forwarded-for: 1, 2"], [b"Expect: 100-continue"], [b"content-type: text/\xff"]))
    if chunked is None:
        chunked = chance.random() < 0.3
    if not chunked:
        head = b"\r\n".join([*lines, b"content-length: %d" % len(payload)])
        return head + b"\r\n\r\n" + payload
    size = chance.choice((1, 7, 1_000, 100_000)) if len(payload) < 10_000 else 50_000
    parts = [payload[start : start + size] for start in range(0, len(payload), size)]
    chunks = b"".join(b"%x;x=y\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"\r\n".join([*lines, b"transfer-encoding: chunked"]) + b"\r\n\r\n" + chunks + b"0\r\nx-trailer: y\r\n\r\n"


def _pieces(chance: Random, message: bytes) -> Sequence[bytes]:
    """The message as one segment, or torn at up to three places."""
    if chance.random() < 0.6:
        return [message]
    cuts = sorted(chance.randint(0, len(message)) for _ in range(chance.randint(1, 3)))
    return [message[start:end] for start, end in zip([0, *cuts], [*cuts, len(message)], strict=True)]


def _signature(chance: Random, payload: bytes, secrets: Sequence[str]) -> bytes:
    return _signed(payload, chance.choice(secrets))


def _signed(payload: bytes, secret: str, at: int | None = None) -> bytes:
    moment = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), b"%d." % moment + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}".encode()
