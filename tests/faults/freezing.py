"""Freezing an owner, and saying what it was at: inside a transaction it holds what others wait for."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.faults.fleet import PARTITIONS, Fleet
from tests.journeys.child import Child

# A transaction that stands as long as this is that of a process that stands.
STANDING_SECONDS = 0.3
TRYING_SECONDS = 3.0
POLL_SECONDS = 0.02
# So many lanes of eight: with fewer, all of them may be the other owner's.
HELD_UP = PARTITIONS // 2

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'capital-worker' AND wait_event_type = 'Lock'"
OPEN = """
SELECT pid, xact_start FROM pg_stat_activity
WHERE application_name = 'capital-worker' AND xact_start IS NOT NULL AND wait_event = 'ClientRead'
"""

# The partitions that readers of committed records are kept back on, with the offset at which they are.
KeptBack = Callable[[], Awaitable[set[tuple[TopicPartition, int]]]]


async def freeze(fleet: Fleet, owner: Child, chance: Random) -> str:
    """SIGSTOP: at any moment, or in a database or Kafka transaction if there is traffic enough; which it was."""
    async with _reading(fleet) as kept_back:
        match chance.choice(("anywhere", "committing", "publishing")):
            case "committing":
                await _freeze_committing(fleet, owner)
            case "publishing":
                await _freeze_publishing(owner, kept_back)
            case _:
                owner.freeze()
        found = {"committing": await _commits(fleet), "publishing": await _stands(kept_back)}
    return " and ".join(name for name, open_ in found.items() if open_) or "in between"


async def _freeze_committing(fleet: Fleet, owner: Child) -> None:
    """Whatever lane would log its records has to wait, behind its fence, until the owner stands."""
    async with fleet.system.database() as connection, connection.transaction():
        await connection.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        last = time.monotonic() + TRYING_SECONDS
        while await connection.fetchval(WAITING) < HELD_UP and time.monotonic() < last:  # noqa: ASYNC110 - rows give no signal
            await asyncio.sleep(POLL_SECONDS)
        owner.freeze()


async def _freeze_publishing(owner: Child, kept_back: KeptBack) -> None:
    """Freeze it again and again, until it has left a transaction open."""
    last = time.monotonic() + TRYING_SECONDS
    while True:
        owner.freeze()
        if await _stands(kept_back) or time.monotonic() > last:
            return
        owner.thaw()
        await asyncio.sleep(POLL_SECONDS)


async def _commits(fleet: Fleet) -> bool:
    async with fleet.system.database() as connection:
        before = {tuple(row) for row in await connection.fetch(OPEN)}
        await asyncio.sleep(STANDING_SECONDS)
        return bool(before & {tuple(row) for row in await connection.fetch(OPEN)})


async def _stands(kept_back: KeptBack) -> bool:
    """Whether readers are kept back, and stay so."""
    before = await kept_back()
    if not before:
        return False
    await asyncio.sleep(STANDING_SECONDS)
    return bool(before & await kept_back())


@asynccontextmanager
async def _reading(fleet: Fleet) -> AsyncIterator[KeptBack]:
    settings = fleet.system.settings
    partitions = [TopicPartition(settings.notifications_topic, number) for number in range(PARTITIONS)]
    async with AsyncExitStack() as stack:
        everything, committed = [
            await stack.enter_async_context(
                AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, isolation_level=level)
            )
            for level in ("read_uncommitted", "read_committed")
        ]

        async def kept_back() -> set[tuple[TopicPartition, int]]:
            behind: dict[TopicPartition, int] = await committed.end_offsets(partitions)
            written = await everything.end_offsets(partitions)
            return {(where, end) for where, end in behind.items() if end < written[where]}

        yield kept_back
