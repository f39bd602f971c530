"""Byte-level mutation: what a broken client, a broken line or an attacker makes of good bytes."""

from collections.abc import Callable
from random import Random

LARGEST = 300_000

TOKENS = (
    b"\x00",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b'"',
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"-",
    b"9" * 400,
    b"1e999",
    b"NaN",
    b"null",
    b"%00",
    b"%0d%0a",
    b" HTTP/1.1\r\n",
    b"content-length: 0\r\n",
    b"content-length: 7\r\n",
    b"content-length: 18446744073709551616\r\n",
    b"transfer-encoding: chunked\r\n",
    b"transfer-encoding: gzip, chunked\r\n",
    b"ffffffffffffffffff\r\n",
    b"0\r\n\r\n",
    b"-1\r\n",
    b"expect: 100-continue\r\n",
    b"connection: close\r\n",
    b"connection: upgrade\r\nupgrade: h2c\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /webhooks/stripe HTTP/1.1\r\n",
    b"stripe-signature: t=1,v1=00\r\n",
)


def mutated(chance: Random, data: bytes) -> bytes:
    """The bytes after one to five changes."""
    for _ in range(chance.randint(1, 5)):
        data = chance.choice(_CHANGES)(chance, data)[:LARGEST]
    return data


def _span(chance: Random, data: bytes, longest: int = 64) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(0, longest))


def _flipped(chance: Random, data: bytes) -> bytes:
    if not data:
        return data
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def _replaced(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data, 3)
    return data[:start] + chance.choice(TOKENS) + data[end:]


def _inserted(chance: Random, data: bytes) -> bytes:
    start, _ = _span(chance, data)
    return data[:start] + chance.choice(TOKENS) + data[start:]


def _noise(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + chance.randbytes(chance.randint(1, 16)) + data[end:]


def _deleted(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    return data[:start] + data[end:]


def _truncated(chance: Random, data: bytes) -> bytes:
    return data[: chance.randint(0, len(data))]


def _repeated(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    times = chance.choice((1, 2, 2, 20, 2_000))
    return data[:end] + data[start:end] * times + data[end:]


def _moved(chance: Random, data: bytes) -> bytes:
    start, end = _span(chance, data)
    rest = data[:start] + data[end:]
    place = chance.randint(0, len(rest))
    return rest[:place] + data[start:end] + rest[place:]


_CHANGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flipped,
    _replaced,
    _inserted,
    _noise,
    _deleted,
    _truncated,
    _repeated,
    _moved,
)
