"""A listener downstream: reads committed notifications through every fault, and never writes anything."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from worker.simulator.oracle import Notification
from worker.topic.cluster import let_go

POLL_MS = 100
# A frozen broker is given up on after this; what the listener waits longer, a recovery seems to take longer.
REQUEST_MS = 2_000
PAUSE_SECONDS = 0.1
START_SECONDS = 5
# After a leader moved, the client can stay alive and fetch nothing for ever: who hears nothing for so long, asks anew.
DEAF_SECONDS = 5


class Listener:
    """Everything told on a topic from its beginning on, with the moment at which each id was first heard."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._next: dict[TopicPartition, int] = {}
        self._told: defaultdict[TopicPartition, list[Notification]] = defaultdict(list)
        self._first: dict[str, float] = {}
        self._changed = asyncio.Condition()

    @property
    def told(self) -> Sequence[Notification]:
        """What was told, partition after partition: order between accounts of different partitions means nothing."""
        return [told for where in self._partitions for told in self._told[where]]

    async def run(self) -> None:
        """Listen until cancelled; when the cluster fails, go on from where it was."""
        while True:
            try:
                async with self._consumer() as consumer:
                    heard_at = time.monotonic()
                    while time.monotonic() - heard_at < DEAF_SECONDS:
                        batches = await consumer.getmany(timeout_ms=POLL_MS)
                        heard_at = time.monotonic() if batches else heard_at
                        await self._hear(batches)
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(PAUSE_SECONDS)

    async def to_the_end(self, seconds: float) -> Sequence[Notification]:
        """Read up to what is the end now, and return all of it. Raises KafkaError and TimeoutError."""
        async with asyncio.timeout(seconds), self._consumer() as consumer:
            ends = await consumer.end_offsets(self._partitions)
            while any([await consumer.position(where) < end for where, end in ends.items()]):
                await self._hear(await consumer.getmany(timeout_ms=POLL_MS))
        return self.told

    def has_heard(self, identity: str) -> bool:
        """Whether a notification was heard."""
        return identity in self._first

    async def heard(self, ids: Collection[str], seconds: float) -> float | None:
        """The moment (monotonic) at which the last of these was heard; None if that takes longer than so long."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: all(identity in self._first for identity in ids))
        except TimeoutError:
            return None
        return max(self._first[identity] for identity in ids)

    async def _hear(self, batches: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        now = time.monotonic()
        for where, records in batches.items():
            for record in records:
                headers = {name: value.decode() for name, value in record.headers}
                identity = headers["ce_id"]
                self._told[where].append((identity, headers["ce_partitionkey"], int(headers["ce_sequence"])))
                self._first.setdefault(identity, now)
                self._next[where] = record.offset + 1
        if batches:
            async with self._changed:
                self._changed.notify_all()

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            # A leader that is new may refuse an offset for a moment: reading all again would count as told twice.
            auto_offset_reset="none",
            fetch_max_wait_ms=POLL_MS,
            request_timeout_ms=REQUEST_MS,
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                await consumer.start()
            consumer.assign(self._partitions)
            for where in self._partitions:
                consumer.seek(where, self._next.get(where, 0))
            yield consumer
        finally:
            # The client may swallow that it is told to end, and then ends never: the listener does not wait for it.
            await let_go(consumer.stop)
