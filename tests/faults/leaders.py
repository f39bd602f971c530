"""Moves the leadership of partitions from broker to broker, with nobody's death, and brings every replica back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import AlterPartitionReassignmentsRequest

CALL_SECONDS = 30.0
COMPLETE_SECONDS = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Partition:
    """One partition of any topic, the cluster's own included."""

    topic: str
    number: int
    leader: int
    replicas: tuple[int, ...]
    in_sync: frozenset[int]

    @property
    def complete(self) -> bool:
        """Whether it has a leader, and every replica of it is in sync."""
        return self.leader in self.replicas and self.in_sync == set(self.replicas)


async def move_leaders(bootstrap: str, chance: Random) -> int:
    """Give about half of all partitions another leader, and bring the old one back as a follower; how many moved."""
    async with _admin(bootstrap) as admin:
        whole = await _complete(admin)
        moved = [partition for partition in whole if chance.random() < 1 / 2]
        # A leader that is no replica any more has to give way.
        await _assign(admin, {p: [node for node in p.replicas if node != p.leader] for p in moved})
        await _complete(admin)
        await _assign(admin, {p: [*(node for node in p.replicas if node != p.leader), p.leader] for p in moved})
        after = {(p.topic, p.number): p.leader for p in await _complete(admin)}
    return sum(after[p.topic, p.number] != p.leader for p in moved)


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with asyncio.timeout(CALL_SECONDS):
            await admin.start()
        yield admin
    finally:
        async with asyncio.timeout(CALL_SECONDS):
            await admin.close()


async def _complete(admin: AIOKafkaAdminClient) -> Sequence[Partition]:
    """Every partition there is, as soon as all are complete."""
    async with asyncio.timeout(COMPLETE_SECONDS):
        while True:
            found = await _partitions(admin)
            if all(partition.complete for partition in found):
                return found
            await asyncio.sleep(POLL_SECONDS)


async def _partitions(admin: AIOKafkaAdminClient) -> Sequence[Partition]:
    return [
        Partition(
            topic["topic"],
            partition["partition"],
            partition["leader"],
            tuple(partition["replicas"]),
            frozenset(partition["isr"]),
        )
        for topic in await admin.describe_topics()
        for partition in topic["partitions"]
    ]


async def _assign(admin: AIOKafkaAdminClient, replicas: dict[Partition, list[int]]) -> None:
    """Ask for these replicas; the first of those in sync leads where the leader is not among them."""
    topics: dict[str, list[tuple[int, list[int], dict[int, bytes]]]] = {}
    for partition, nodes in replicas.items():
        topics.setdefault(partition.topic, []).append((partition.number, nodes, {}))
    request = AlterPartitionReassignmentsRequest(
        int(CALL_SECONDS * 1000), [(topic, partitions, {}) for topic, partitions in topics.items()], {}
    )
    async with asyncio.timeout(CALL_SECONDS):
        answer = (await admin._send_to_controller(request)).to_object()
    errors = {partition["error_code"] for topic in answer["responses"] for partition in topic["partitions"]}
    assert errors | {answer["error_code"]} <= {0}, answer
