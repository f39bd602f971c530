"""Reading a topic as a consumer downstream does: committed records only, from the beginning."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from worker.ports import Headers, Record
from worker.simulator.events import Event

SECONDS = 30
POLL_MS = 100


@dataclass(frozen=True)
class Notification:
    """One notification, decoded."""

    record: Record
    headers: Mapping[str, str]
    data: Mapping[str, Any]

    @classmethod
    def of(cls, record: Record) -> "Notification":
        headers = {name: value.decode() for name, value in record.headers}
        assert len(headers) == len(record.headers), "a header is there twice"
        return cls(record, headers, json.loads(record.value or b""))

    @property
    def id(self) -> str:
        return self.headers["ce_id"]

    @property
    def type(self) -> str:
        return self.headers["ce_type"]

    @property
    def account(self) -> str:
        return self.headers["ce_partitionkey"]

    @property
    def told(self) -> tuple[str, str, int]:
        """What the oracle judges."""
        return self.id, self.account, int(self.headers["ce_sequence"])


class Topic:
    """One topic of the real broker."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self.name = name
        self._bootstrap = bootstrap

    async def records(self) -> Sequence[Record]:
        """Everything committed by now, partition after partition."""
        async with self._consumer() as (consumer, partitions), asyncio.timeout(SECONDS):
            read: list[Record] = []
            ends = await consumer.end_offsets(partitions)
            while any([await consumer.position(where) < end for where, end in ends.items()]):
                read += await _some(consumer)
        return sorted(read, key=lambda record: (record.partition, record.offset))

    async def settled(self, seconds: float) -> None:
        """Return once no transaction is open on the topic any more, or after so many seconds."""
        async with self._consumer("read_uncommitted") as (everything, partitions), self._consumer() as (committed, _):
            try:
                async with asyncio.timeout(seconds):
                    while await everything.end_offsets(partitions) != await committed.end_offsets(partitions):  # noqa: ASYNC110
                        await asyncio.sleep(POLL_MS / 1000)
            except TimeoutError:
                return

    async def follow(self, seconds: float, complaint: Callable[[], str]) -> AsyncIterator[Record]:
        """Records as they come, from the beginning on; fails with the complaint when the time is over."""
        async with self._consumer() as (consumer, _):
            try:
                async with asyncio.timeout(seconds):
                    while True:
                        for record in await _some(consumer):
                            yield record
            except TimeoutError:
                raise AssertionError(complaint()) from None

    async def write(
        self, value: bytes | None, key: bytes | None = None, headers: Headers = (), timestamp: int | None = None
    ) -> Record:
        """Append one record as somebody else's producer would, where the key leads; what was written."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", max_request_size=2_000_000)
        async with asyncio.timeout(SECONDS), producer:
            written = await producer.send_and_wait(
                self.name, value, key=key, headers=list(headers), timestamp_ms=timestamp
            )
        return Record(written.partition, written.offset, written.timestamp, key, value, headers)

    async def feed(self, events: Iterable[Event], first_ms: int) -> None:
        """Append events in order, a millisecond apart: on two topics alike, they are the same records."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", max_batch_size=262_144)
        async with asyncio.timeout(SECONDS), producer:
            for at, event in enumerate(events, first_ms):
                await producer.send(self.name, event.body, key=event.account.encode(), timestamp_ms=at)
            await producer.flush()

    @asynccontextmanager
    async def _consumer(
        self, isolation: str = "read_committed"
    ) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level=isolation,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=POLL_MS,
        )
        async with consumer:
            partitions = await self._partitions(consumer)
            consumer.assign(partitions)
            yield consumer, partitions

    async def _partitions(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """A topic just created is not known to every client at once."""
        async with asyncio.timeout(SECONDS):
            await consumer._client.set_topics([self.name])
            while not (known := consumer.partitions_for_topic(self.name)):
                await consumer._client.force_metadata_update()
        return [TopicPartition(self.name, partition) for partition in sorted(known)]


async def _some(consumer: AIOKafkaConsumer) -> list[Record]:
    batches = await consumer.getmany(timeout_ms=POLL_MS)
    return [
        Record(r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
        for batch in batches.values()
        for r in batch
    ]
