"""The tail of a notifications partition: the last notification that readers see, when the marker is lost."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from worker.topic.cluster import Cluster, answered, let_go

# Aborted transactions and their markers take offsets that no reader sees; beyond so many it looks further back.
FIRST_LOOK: Final = 500
READ_SECONDS: Final = 60


async def last_id(cluster: Cluster, where: TopicPartition) -> str | None:
    """The `ce_id` of the last committed notification of a partition, None where no reader sees any.

    Raises Unavailable. Final only after a producer with the lane's `transactional.id` has started.
    """
    consumer = AIOKafkaConsumer(
        **cluster.options,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        async with answered("opening the notifications topic"):
            await consumer.start()
        consumer.assign([where])
        return await _look(consumer, where)
    finally:
        await let_go(consumer.stop)


async def _look(consumer: AIOKafkaConsumer, where: TopicPartition) -> str | None:
    async with answered("asking where notifications begin and end"):
        beginning = (await consumer.beginning_offsets([where]))[where]
        end = (await consumer.end_offsets([where]))[where]
    look = FIRST_LOOK
    while True:
        start = max(beginning, end - look)
        found = await _last_between(consumer, where, start, end)
        if found is not None or start == beginning:
            return found
        look *= 8


async def _last_between(consumer: AIOKafkaConsumer, where: TopicPartition, start: int, end: int) -> str | None:
    consumer.seek(where, start)
    last: str | None = None
    async with answered("reading notifications", READ_SECONDS):
        while await consumer.position(where) < end:
            polled = await consumer.getmany(where, timeout_ms=250)
            for record in polled.get(where, ()):
                last = _id(record) or last
            await asyncio.sleep(0)
    return last


def _id(record: "ConsumerRecord[bytes, bytes]") -> str | None:
    return next((value.decode() for name, value in record.headers if name == "ce_id"), None)
