"""Markers: up to which input offset a partition's entries are published, kept as the group's committed offset."""

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from worker.topic.cluster import CALL_SECONDS, CLOSE_SECONDS, Cluster, answered


async def read_marker(cluster: Cluster, group: str, where: TopicPartition) -> int | None:
    """The marker of a partition, None where the group has none. Raises Unavailable.

    Final only after a producer with the lane's `transactional.id` has started: before that, a transaction of an
    earlier owner may still move it. Each reading asks with a client of its own, so that none is stale.
    """
    admin = AIOKafkaAdminClient(**cluster.options)
    async with answered("reading the published-through marker", CALL_SECONDS):
        await admin.start()
    try:
        async with answered("reading the published-through marker"):
            offsets = await admin.list_consumer_group_offsets(group, partitions=[where])
    finally:
        async with answered("disconnecting", CLOSE_SECONDS):
            await admin.close()
    offset = int(offsets[where].offset)
    return None if offset < 0 else offset
