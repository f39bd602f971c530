import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.journeys.system import PARTITIONS, System
from worker.topic.cluster import Cluster
from worker.topic.membership import Group, GroupMembership

SECONDS = 30
ALL = frozenset(range(PARTITIONS))


class Member:
    """A member of the group that polls, and what it was assigned last."""

    def __init__(self, system: System, instance: str = "") -> None:
        settings = system.settings
        group = Group(settings.consumer_group, settings.events_topic, instance, session_seconds=6)
        self.membership = GroupMembership(Cluster.of(settings), group)
        self.assigned: frozenset[int] | None = None

    async def has(self, number: int) -> None:
        """Return once it has so many partitions."""
        async with asyncio.timeout(SECONDS):
            while self.assigned is None or len(self.assigned) != number:
                self.assigned = await self.membership.assignment()


@asynccontextmanager
async def joined(member: Member) -> AsyncIterator[Member]:
    await member.membership.open()
    polling = asyncio.create_task(member.membership.poll())
    try:
        yield member
    finally:
        polling.cancel()
        await asyncio.wait([polling])
        await member.membership.close()


async def test_members_share_the_partitions_and_one_that_leaves_hands_its_own_over(system: System) -> None:
    await system.topics()
    async with joined(Member(system)) as staying:
        await staying.has(PARTITIONS)
        async with joined(Member(system)) as leaving:
            await leaving.has(PARTITIONS // 2)
            await staying.has(PARTITIONS // 2)
            assert staying.assigned is not None
            assert leaving.assigned == ALL - staying.assigned
        await staying.has(PARTITIONS)


async def test_a_static_member_that_comes_back_has_its_partitions_again_and_nobody_else_notices(
    system: System,
) -> None:
    await system.topics()
    async with joined(Member(system, "staying")) as staying:
        await staying.has(PARTITIONS)
        async with joined(Member(system, "returning")) as returning:
            await returning.has(PARTITIONS // 2)
            await staying.has(PARTITIONS // 2)
        async with joined(Member(system, "returning")) as returned:
            await returned.has(PARTITIONS // 2)
            assert returned.assigned == returning.assigned
            assert staying.membership._assigned.empty()
