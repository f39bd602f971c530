"""The check against the topic: every acknowledged event is there, under its key, and nothing that nobody signed."""

import hashlib
from collections import Counter

from tests.fuzz.figures import Figures
from tests.fuzz.oracle import Judgement
from worker.ports import Record

LONGEST_PLAIN = 512


class TopicCheck:
    """What must be found and what may be. Bodies are kept as digests: a long run sends gigabytes."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._signed: set[bytes] = set()
        self._keys: dict[bytes, bytes] = {}
        self._acknowledged: Counter[bytes] = Counter()
        self._found: Counter[bytes] = Counter()

    def sign(self, body: bytes) -> None:
        """This body goes out with a signature: it may be found from now on."""
        self._signed.add(_digest(body))

    def acknowledge(self, body: bytes, judgement: Judgement) -> None:
        """The ingress said that it has this event."""
        self._figures.acknowledged += 1
        digest = _digest(body)
        self._acknowledged[digest] += 1
        key = judgement.key or ""
        if key.isascii() and key.isprintable() and len(key) <= LONGEST_PLAIN:
            self._keys[digest] = key.encode()

    def find(self, record: Record) -> None:
        """This record is on the topic."""
        self._figures.found += 1
        digest = _digest(record.value or b"")
        self._found[digest] += 1
        if digest not in self._signed:
            self._figures.forged += 1
            self._figures.complain(f"on the topic, and nobody signed it: {record.value!r:.300}")
        key = self._keys.get(digest, record.key)
        if record.key != key:
            self._figures.complain(f"under the key {record.key!r} instead of {key!r}: {record.value!r:.300}")
        for name, value in record.headers:
            if not _harmless(value):
                self._figures.complain(f"header {name} is {value!r:.300}")

    def missing(self) -> int:
        """How many acknowledgements have no record yet."""
        return (self._acknowledged - self._found).total()


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _harmless(value: bytes) -> bool:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(value) <= LONGEST_PLAIN + len("com.stripe.") and not any(
        ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in text
    )
