"""Asks a Kafka broker which brokers it knows; no client, only what tells whether a broker answers.

The layout is Kafka's protocol guide: Metadata, version 4, the last-but-some that needs no tagged fields.
"""

import asyncio
import struct
from dataclasses import dataclass
from typing import Final

_METADATA, _VERSION, _CORRELATION = 3, 4, 0
_ANSWER_SECONDS: Final = 2.0


async def known_brokers(host: str, port: int) -> frozenset[int]:
    """The ids of all live brokers that the broker at `host:port` knows of; empty if it does not answer in 2 s."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return _broker_ids(await _answer(host, port))
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return frozenset()


async def _answer(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_request())
        (size,) = struct.unpack(">i", await reader.readexactly(4))
        return await reader.readexactly(size)
    finally:
        writer.close()


def _request() -> bytes:
    no_client_name = struct.pack(">h", -1)
    no_topics, no_topic_creation = struct.pack(">i", 0), b"\x00"
    header = struct.pack(">hhi", _METADATA, _VERSION, _CORRELATION) + no_client_name
    body = header + no_topics + no_topic_creation
    return struct.pack(">i", len(body)) + body


@dataclass(slots=True)
class _Reader:
    content: bytes
    position: int = 0

    def integer(self, layout: str) -> int:
        (value,) = struct.unpack_from(layout, self.content, self.position)
        self.position += struct.calcsize(layout)
        return int(value)

    def skip_text(self) -> None:
        size = self.integer(">h")
        self.position += max(size, 0)  # -1 is null


def _broker_ids(answer: bytes) -> frozenset[int]:
    reader = _Reader(answer)
    reader.integer(">i")  # correlation
    reader.integer(">i")  # throttle time
    return frozenset(_broker_id(reader) for _ in range(reader.integer(">i")))


def _broker_id(reader: _Reader) -> int:
    broker = reader.integer(">i")
    reader.skip_text()  # host
    reader.integer(">i")  # port
    reader.skip_text()  # rack
    return broker
