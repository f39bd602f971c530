"""Reading a topic as its consumers see it: from the beginning, committed records only; it joins no group."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from worker.ports import Record, Unavailable
from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go
from worker.topic.records import record_of
from worker.topic.topics import partitions_of

POLL_SECONDS: Final = 0.25


class TopicReader:
    """All partitions of one topic, each in its order; how partitions interleave is left to chance.

    An iteration goes on where the one before it ended. Every method raises Unavailable.
    """

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions

    @classmethod
    @asynccontextmanager
    async def opened(cls, cluster: Cluster, topic: str) -> AsyncIterator[Self]:
        """A reader at the beginning of the topic, let go of at the end. Unavailable where there is no such topic."""
        partitions = [TopicPartition(topic, number) for number in range(await partitions_of(cluster, topic))]
        if not partitions:
            raise Unavailable(f"kafka: topic {topic} does not exist")
        consumer = AIOKafkaConsumer(
            **cluster.options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        try:
            async with answered(f"opening {topic}", CALL_SECONDS):
                await consumer.start()
                consumer.assign(partitions)
                await consumer.seek_to_beginning(*partitions)
            yield cls(consumer, partitions)
        finally:
            await let_go(consumer.stop)

    async def records(self, *, quiet_seconds: float | None = None) -> AsyncGenerator[Record, None]:
        """Records as they come: until none came for `quiet_seconds`, or without end."""
        last = monotonic()
        while quiet_seconds is None or monotonic() - last < quiet_seconds:
            for record in await self._poll():
                yield record
                last = monotonic()

    async def to_the_end(self, seconds: float) -> list[Record]:
        """What is not read yet of the records committed by now; Unavailable if they take longer than `seconds`."""
        async with answered("asking where the topic ends"):
            ends = await self._consumer.end_offsets(self._partitions)
        deadline = monotonic() + seconds
        found: list[Record] = []
        while not await self._reached(ends):
            if monotonic() > deadline:
                raise Unavailable(f"kafka: the end of the topic was not reached in {seconds:g} s")
            found += await self._poll()
        return found

    async def _poll(self) -> list[Record]:
        async with answered("reading a topic", POLL_SECONDS + CALL_SECONDS):
            polled = await self._consumer.getmany(timeout_ms=int(POLL_SECONDS * 1000))
        return [record_of(record) for records in polled.values() for record in records]

    async def _reached(self, ends: dict[TopicPartition, int]) -> bool:
        # Positions, not records, since a partition may end in a transaction's marker, which is nobody's record.
        async with answered("asking for a position"):
            return all([await self._consumer.position(where) >= end for where, end in ends.items()])
