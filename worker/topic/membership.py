"""Membership in the consumer group: which partitions are this process's to ask for; it reads and commits nothing."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go

POLL_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Which group to join, as whom: an empty instance id means dynamic membership."""

    name: str
    topic: str
    instance_id: str
    session_seconds: float


class GroupMembership(ConsumerRebalanceListener):  # type: ignore[misc] # the client has no types
    """This process in the consumer group.

    Kafka's word only says which lanes to begin and to end. Whether a lane may write is decided by its claim in
    Postgres, so lanes may run on through a rebalance, and a late word harms nobody.
    """

    def __init__(self, cluster: Cluster, group: Group) -> None:
        self._group = group
        static: dict[str, Any] = {"group_instance_id": group.instance_id} if group.instance_id else {}
        self._consumer = AIOKafkaConsumer(
            **cluster.options,
            **static,
            group_id=group.name,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(group.session_seconds * 1000),
            # A member hears of a rebalance with its heartbeat: this bounds how long a planned hand-over takes.
            heartbeat_interval_ms=min(1000, int(group.session_seconds * 1000 / 5)),
            max_poll_interval_ms=60_000,
            # A topic that was away while the group looked, or that has grown, is found after this time.
            metadata_max_age_ms=30_000,
        )
        self._assigned: asyncio.Queue[frozenset[int]] = asyncio.Queue()

    async def open(self) -> None:
        """Join the group. Raises Unavailable."""
        async with answered("joining the consumer group", CALL_SECONDS):
            await self._consumer.start()
            self._consumer.subscribe([self._group.topic], listener=self)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing: the next assignment says which lanes end, and the fence covers the time between."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Stop fetching, for lanes read with consumers of their own, and pass the assignment on."""
        self._consumer.pause(*assigned)
        self._assigned.put_nowait(frozenset(partition.partition for partition in assigned))

    async def poll(self) -> None:
        """Poll for ever, which is what tells the group that this process lives. Raises Unavailable."""
        while True:
            async with answered("polling the consumer group", POLL_SECONDS + CALL_SECONDS):
                await self._consumer.getmany(timeout_ms=POLL_SECONDS * 1000)

    async def assignment(self) -> frozenset[int]:
        """The next assignment, as soon as it comes: the partitions whose lanes are to run here."""
        return await self._assigned.get()

    async def close(self) -> None:
        """Leave the group, so that others take over at once; a static member only goes silent."""
        await let_go(self._consumer.stop)
