"""Webhooks one at a time or at a rate, and when a reader of committed records sees what each releases; prints JSON."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.bench import loads
from tests.bench.hitting import OK, quantiles, signed

# One webhook at a time is followed by the next after up to so long, so that it meets every phase of what polls.
PAUSE_SECONDS = 0.3
# So that of these there are some six a second: half a pause and the way to the reader lie between two of them.
ONE_AT_A_TIME_RATE = 6
CONNECTIONS = 64
# The server lets go of a connection after 5 seconds in which it was idle, never after less than this.
KEPT_SECONDS = 1
# As `loads.clean` makes them: ten lives of four events.
WHOLE_GROUP = 40
SEEN_SECONDS = 60
POLL_MS = 1_000


@dataclass(slots=True)
class Webhook:
    """One webhook, the id of the notification it releases, and when what happened to it; seconds since the epoch.

    `told` is when the relay gave the notification to its producer, as the record's timestamp says, in whole ms.
    """

    request: bytes
    notification: str
    sent: float = 0.0
    answered: float = 0.0
    told: float = 0.0
    seen: "asyncio.Future[float]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


def webhooks(count: int, port: int, secret: str) -> Sequence[Webhook]:
    """Whole lives of offers, in causal order; signed now: within the tolerance for five minutes.

    Each sender tells of offers of its own: what was released once is not told again.
    """
    made = []
    for message in loads.clean(count, seed=time.time_ns()).messages:
        event = json.loads(message.value)
        notification = f"live:{event['data']['object']['id']}:{event['type'].rpartition('.')[2]}"
        made.append(Webhook(signed(message.value, port, secret), notification))
    return made


class Edge:
    """Kept connections to the ingress; each carries one webhook at a time."""

    def __init__(self) -> None:
        self._free: asyncio.LifoQueue[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = asyncio.LifoQueue()
        self._port = 0

    async def open(self, port: int) -> None:
        self._port = port
        for _ in range(CONNECTIONS):
            self._free.put_nowait((*await self._connected(), time.time()))

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def post(self, webhook: Webhook) -> None:
        """Return once it was answered with 200."""
        reader, writer, since = await self._free.get()
        webhook.sent = time.time()
        try:
            head = await _answer(reader, writer, webhook)
        except (ConnectionError, asyncio.IncompleteReadError):
            # Those at the bottom are long idle. Any other that is cut off is a failure.
            if webhook.sent - since < KEPT_SECONDS:
                raise
            writer.close()
            reader, writer = await self._connected()
            head = await _answer(reader, writer, webhook)
        webhook.answered = time.time()
        assert head.startswith(OK), head
        self._free.put_nowait((reader, writer, webhook.answered))


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, webhook: Webhook) -> bytes:
    writer.write(webhook.request)
    head = await reader.readuntil(b"\r\n\r\n")
    # Every answer of this server ends with the only line of its text.
    await reader.readline()
    return head


@asynccontextmanager
async def reading(bootstrap: str, topic: str, partitions: int, awaited: Sequence[Webhook]) -> AsyncIterator[None]:
    """Meanwhile a reader downstream notes when it sees what each webhook released."""
    known = {webhook.notification: webhook for webhook in awaited}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False)
    async with consumer:
        where = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(where)
        await consumer.seek_to_end(*where)
        task = asyncio.create_task(_read(consumer, known))
        try:
            yield
        finally:
            task.cancel()


async def _read(consumer: AIOKafkaConsumer, known: dict[str, Webhook]) -> None:
    while True:
        batches = await consumer.getmany(timeout_ms=POLL_MS)
        now = time.time()
        for records in batches.values():
            for record in records:
                webhook = known.get(dict(record.headers)["ce_id"].decode())
                if webhook is not None:
                    webhook.told = record.timestamp / 1000
                    webhook.seen.set_result(now)


async def one_at_a_time(edge: Edge, sequence: Sequence[Webhook]) -> None:
    """Each is sent when the one before it was seen, and after a random pause."""
    chance = Random(11)
    for webhook in sequence:
        await edge.post(webhook)
        await webhook.seen
        await asyncio.sleep(chance.uniform(0, PAUSE_SECONDS))


async def steadily(edge: Edge, sequence: Sequence[Webhook], rate: float) -> None:
    """So many a second, however long they take to be answered and seen."""
    began = time.time()
    async with asyncio.TaskGroup() as tasks:
        for number, webhook in enumerate(sequence):
            ahead = began + number / rate - time.time()
            if ahead > 0:
                await asyncio.sleep(ahead)
            tasks.create_task(edge.post(webhook))
    await asyncio.gather(*(webhook.seen for webhook in sequence))


async def measured(chosen: argparse.Namespace) -> dict[str, float]:
    """Latencies in ms, each by its quantiles, and how many webhooks a second were sent, and were through."""
    count = chosen.count + -chosen.count % WHOLE_GROUP
    sequence = webhooks(count, chosen.port, chosen.secret)
    edge = Edge()
    await edge.open(chosen.port)
    async with (
        reading(chosen.bootstrap, chosen.topic, chosen.partitions, sequence),
        asyncio.timeout(count / (chosen.rate or ONE_AT_A_TIME_RATE) + SEEN_SECONDS),
    ):
        if chosen.rate:
            await steadily(edge, sequence, chosen.rate)
        else:
            await one_at_a_time(edge, sequence)
    return figures(sequence)


def figures(done: Sequence[Webhook]) -> dict[str, float]:
    # The reader may see a notification before the answer has come back.
    kinds = {
        "seen": [max(0.0, webhook.seen.result() - webhook.answered) for webhook in done],
        "answered": [webhook.answered - webhook.sent for webhook in done],
        "told": [max(0.0, webhook.told - webhook.answered) for webhook in done],
        "published": [webhook.seen.result() - webhook.told for webhook in done],
    }
    found = {f"{kind} {name}": ms for kind, seconds in kinds.items() for name, ms in quantiles(seconds).items()}
    began, until = done[0].sent, max(webhook.seen.result() for webhook in done)
    rates = {"rate": len(done) / (done[-1].sent - began), "done": len(done) / (until - began)}
    return found | rates | {"webhooks": len(done)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("secret")
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("partitions", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("rate", type=float, help="webhooks a second; 0: one at a time; inf: as fast as answered")
    sys.stdout.write(json.dumps(uvloop.run(measured(parser.parse_args()))))


if __name__ == "__main__":
    main()
