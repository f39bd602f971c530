"""Extents: where the partitions of a topic begin, and which offset a time leads to; asked once, nothing is read."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go
from worker.topic.topics import partitions_of


class Extents:
    """All partitions of one topic. Every method raises Unavailable."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions

    @classmethod
    @asynccontextmanager
    async def opened(cls, cluster: Cluster, topic: str) -> AsyncIterator[Self]:
        """To be asked about a topic; one that does not exist has no partitions."""
        partitions = [TopicPartition(topic, number) for number in range(await partitions_of(cluster, topic))]
        consumer = AIOKafkaConsumer(**cluster.options, group_id=None, enable_auto_commit=False)
        try:
            async with answered(f"opening {topic}", CALL_SECONDS):
                await consumer.start()
            yield cls(consumer, partitions)
        finally:
            await let_go(consumer.stop)

    async def beginnings(self) -> Mapping[int, int]:
        """The offset of each partition's oldest record."""
        if not self._partitions:
            return {}
        async with answered("asking where the topic begins"):
            offsets = await self._consumer.beginning_offsets(self._partitions)
        return {where.partition: int(offset) for where, offset in offsets.items()}

    async def ends(self) -> Mapping[int, int]:
        """The offset that each partition's next record will get."""
        if not self._partitions:
            return {}
        async with answered("asking where the topic ends"):
            offsets = await self._consumer.end_offsets(self._partitions)
        return {where.partition: int(offset) for where, offset in offsets.items()}

    async def at(self, milliseconds: int) -> Mapping[int, int]:
        """The first offset in each partition of a record not before this time; partitions without one are left out."""
        if not self._partitions:
            return {}
        async with answered("asking for the offsets of a time"):
            found = await self._consumer.offsets_for_times(dict.fromkeys(self._partitions, milliseconds))
        return {where.partition: int(offset.offset) for where, offset in found.items() if offset is not None}
