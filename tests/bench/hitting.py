"""A load generator: signed webhooks over kept connections, made before the clock starts; prints latencies as JSON."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import cast

import uvloop

from tests.bench import loads
from worker.simulator.signatures import signature_header

BODIES = 4_000
OK = b"HTTP/1.1 200"


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the one before it is answered."""

    def __init__(self, requests: Iterator[bytes], until: float, ended: asyncio.Future[None]) -> None:
        self._requests = requests
        self._until = until
        self._ended = ended
        self._sent = 0.0
        self._read = b""
        self.seconds: list[float] = []
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without inheriting from it.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._read += data
        # Every answer of this server ends with the only line of its text.
        head, found, text = self._read.partition(b"\r\n\r\n")
        if not found or not text.endswith(b"\n"):
            return
        now = time.perf_counter()
        self.seconds.append(now - self._sent)
        self.refused += not head.startswith(OK)
        self._read = b""
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


def requests(port: int, secret: str) -> Sequence[bytes]:
    """Whole requests, each with an event of its own, signed now: within the tolerance for five minutes."""
    return [signed(message.value, port, secret) for message in loads.clean(BODIES, seed=9).messages]


def signed(body: bytes, port: int, secret: str) -> bytes:
    """A webhook as it goes over the wire, signed now."""
    signature = signature_header(body, timestamp=int(time.time()), secrets=(secret,))
    head = (
        f"POST /webhooks/stripe HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def hit(port: int, secret: str, connections: int, seconds: float) -> dict[str, float]:
    """Requests a second, and latencies in ms, at so many connections."""
    prepared = cycle(requests(port, secret))
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    opened: list[Connection] = []
    ends = [loop.create_future() for _ in range(connections)]
    for ended in ends:
        connection = Connection(prepared, began + seconds, ended)
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", port)  # type: ignore[misc] # mypy infers no default
        opened.append(connection)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*ends)
    took = time.perf_counter() - began
    found = [second for connection in opened for second in connection.seconds]
    return {
        "requests": len(found),
        "rate": len(found) / took,
        "refused": sum(connection.refused for connection in opened),
        **quantiles(found),
    }


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and p99.9 in ms."""
    found = sorted(seconds)
    places = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: found[min(len(found) - 1, int(place * len(found)))] * 1000 for name, place in places.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("secret")
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    chosen = parser.parse_args()
    sys.stdout.write(json.dumps(uvloop.run(hit(chosen.port, chosen.secret, chosen.connections, chosen.seconds))))


if __name__ == "__main__":
    main()
