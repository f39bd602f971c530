"""Markers: up to which input offset a partition's entries are published, kept as the group's committed offset."""

from aiokafka import TopicPartition

from worker.ports import Unavailable
from worker.topic.cluster import Cluster, administering, answered


async def read_marker(cluster: Cluster, group: str, where: TopicPartition) -> int | None:
    """The marker of a partition, None where the group has none. Raises Unavailable.

    Final only after a producer with the lane's `transactional.id` has started: before that, a transaction of an
    earlier owner may still move it. Each reading asks with a client of its own, so that none is stale.
    """
    async with administering(cluster) as admin, answered("reading the published-through marker"):
        offsets = await admin.list_consumer_group_offsets(group, partitions=[where])
    if where not in offsets:
        # A broker that no longer coordinates the group answers with an error that the client does not look at.
        raise Unavailable("kafka: reading the published-through marker: the group's coordinator has moved")
    offset = int(offsets[where].offset)
    return None if offset < 0 else offset
