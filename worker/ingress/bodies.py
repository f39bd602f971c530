"""Collects request bodies, bounded one by one, in total and in time; never keeps a byte it does not count."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from worker.asgi import Receive
from worker.deadline import Deadline

Shortfall = Literal["abandoned", "overloaded", "too_large", "too_slow"]


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes of one body, bytes of all bodies together, and seconds from a request's head to its last byte."""

    one_bytes: int = 262_144
    all_bytes: int = 64 * 1024 * 1024
    seconds: float = 10


class Bodies:
    """The bodies in flight. What counts is what has arrived: a length that was only announced takes nobody's place."""

    def __init__(self, limits: BodyLimits) -> None:
        self.limits = limits
        self._deadline = Deadline(limits.seconds)
        self.held_bytes = 0

    async def take(self, receive: Receive) -> bytes | Shortfall:
        """The whole body, to be given back with `release` when it is done with; or why there is none."""
        # Not a list of pieces: of a body that comes in twos, the pieces would take thirty times what is counted.
        body = bytearray()
        shortfall: Shortfall | None = "too_slow"
        try:
            with suppress(TimeoutError), self._deadline.granted():
                shortfall = await self._collect(receive, body)
        finally:
            if shortfall is not None:
                self.held_bytes -= len(body)
        return bytes(body) if shortfall is None else shortfall

    def release(self, body: bytes) -> None:
        """Give back the room of a body that was taken."""
        self.held_bytes -= len(body)

    async def _collect(self, receive: Receive, body: bytearray) -> Shortfall | None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return "abandoned"
            chunk = message.get("body", b"")
            if len(body) + len(chunk) > self.limits.one_bytes:
                return "too_large"
            if self.held_bytes + len(chunk) > self.limits.all_bytes:
                return "overloaded"
            self.held_bytes += len(chunk)
            body += chunk
            if not message.get("more_body", False):
                return None
