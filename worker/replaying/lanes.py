"""The lanes of a replay: the live lanes' own code over each span, from wherever the shadow stands."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from worker import wiring
from worker.clock import SystemClock
from worker.consumer.brake import Brake, Limits
from worker.consumer.deliberation import Circumstances
from worker.consumer.lane import Lane, Parts
from worker.ports import Ledger as LedgerPort
from worker.replay.plan import Span
from worker.replay.silence import Silence
from worker.replay.span_source import SpanSource
from worker.replaying.logged import PartitionLog
from worker.replaying.opening import LANES_AT_ONCE, Replay
from worker.replaying.seeding import Past, SeedingLedger
from worker.settings import Settings
from worker.starting import collect_rarely
from worker.store.ledger import Ledger
from worker.store.lookup_rows import write_lookups
from worker.topic.cluster import Cluster
from worker.topic.source import PartitionSource
from worker.topic.topics import partitions_of

# A replay shows what the rules make of every record, however many of them it cannot apply.
NO_BRAKE = Limits(count=2**62)
# Nobody asks what a replay would like to know.
WRITERS = tuple(write for write in wiring.WRITERS if write is not write_lookups)
# Nobody waits for a replay's batches, and large ones cost less.
LARGER = 4


async def go_through(replay: Replay, partitions: Collection[int]) -> None:
    """Go through the spans of these partitions to their ends, some at a time.

    Raises groups of Refused, Unavailable and Misplaced.
    """
    collect_rarely()
    deciding = replace(await circumstances(replay.settings), only=replay.plan.accounts, again=True)
    turns = asyncio.Semaphore(LANES_AT_ONCE)

    async def one(span: Span) -> None:
        async with turns:
            await _lane(replay, span, deciding)

    async with asyncio.TaskGroup() as tasks:
        for span in replay.plan.spans:
            if span.partition in partitions:
                tasks.create_task(one(span))


async def circumstances(settings: Settings) -> Circumstances:
    """What the live lanes decide by. Raises Unavailable."""
    partitions = await partitions_of(Cluster.of(settings), settings.events_topic)
    return wiring.circumstances(settings, partitions)


async def _lane(replay: Replay, span: Span, deciding: Circumstances) -> None:
    settings, clock = replay.settings, SystemClock()
    topic = PartitionSource(Cluster.of(settings), settings.events_topic, span.partition)
    await topic.open()
    try:
        source = SpanSource(topic, PartitionLog(replay, span.partition), span)
        brake = Brake(NO_BRAKE, clock)
        parts = Parts(source, _ledger(replay, span, deciding), Silence(), clock, brake, deciding)
        await Lane(span.partition, "replay", settings.batch_size * LARGER, parts, until=span.end).run()
    finally:
        await topic.close()


def _ledger(replay: Replay, span: Span, deciding: Circumstances) -> LedgerPort:
    shadow = Ledger(replay.shadow, WRITERS)
    if not span.seeded:
        return shadow
    past = Past(Ledger(replay.live, ()), replay.live, replay.settings.database_schema)
    return SeedingLedger(shadow, replay.shadow, past, span, deciding)
