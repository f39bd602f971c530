"""Running a replay: a lane for each span, as many at once as there is work for, from wherever the shadow stands."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from worker import wiring
from worker.clock import SystemClock
from worker.consumer.brake import Brake, Limits
from worker.consumer.deliberation import Circumstances
from worker.consumer.lane import Lane, Parts
from worker.ports import Ledger as LedgerPort
from worker.ports import Misplaced
from worker.replay.plan import Refused, Span
from worker.replay.silence import Silence
from worker.replay.span_source import SpanSource
from worker.replaying.logged import PartitionLog
from worker.replaying.opening import LANES_AT_ONCE, Replay
from worker.replaying.seeding import Past, SeedingLedger
from worker.settings import Settings
from worker.store import shadows
from worker.store.ledger import Ledger
from worker.store.lookup_rows import write_lookups
from worker.topic.cluster import Cluster
from worker.topic.source import PartitionSource
from worker.topic.topics import partitions_of

# A replay shows what the rules make of every record, however many of them it cannot apply.
NO_BRAKE = Limits(count=2**62)
# Nobody asks what a replay would like to know.
WRITERS = tuple(write for write in wiring.WRITERS if write is not write_lookups)
LOOK_SECONDS = 0.25

Progress = Callable[[int], None]


async def run(replay: Replay, progress: Progress) -> None:
    """Go through the plan from where the shadow stands; `progress` hears how many offsets are done.

    Raises Refused, and groups of Unavailable.
    """
    relays = {span.partition: Silence(span.start) for span in replay.plan.spans}
    deciding = replace(await circumstances(replay.settings), only=replay.plan.accounts, again=True)
    watching = asyncio.create_task(_watch(relays, progress))
    refusals: list[Refused] = []
    try:
        # In a task of its own: a group in which one fails leaves a request to cancel on the task that waits for it.
        await asyncio.create_task(_go_through(replay, relays, deciding))
    except* Refused as group:
        refusals += [error for error in _leaves(group) if isinstance(error, Refused)]
    except* Misplaced as group:
        refusals.append(Refused(f"the topic lost records meanwhile ({_leaves(group)[0]}): start anew with --from-log"))
    finally:
        watching.cancel()
    if refusals:
        raise refusals[0]
    progress(sum(relay.done for relay in relays.values()))


async def circumstances(settings: Settings) -> Circumstances:
    """What the live lanes decide by. Raises Unavailable."""
    partitions = await partitions_of(Cluster.of(settings), settings.events_topic)
    return wiring.circumstances(settings, partitions)


async def _watch(relays: Mapping[int, Silence], progress: Progress) -> None:
    while True:
        progress(sum(relay.done for relay in relays.values()))
        await asyncio.sleep(LOOK_SECONDS)


async def _go_through(replay: Replay, relays: Mapping[int, Silence], deciding: Circumstances) -> None:
    unfinished = await shadows.unfinished(replay.shadow)
    turns = asyncio.Semaphore(LANES_AT_ONCE)

    async def one(span: Span) -> None:
        async with turns:
            await _lane(replay, span, relays[span.partition], deciding)

    async with asyncio.TaskGroup() as lanes:
        for span in replay.plan.spans:
            if span.partition in unfinished:
                lanes.create_task(one(span))
            else:
                await relays[span.partition].submit((), span.end)


async def _lane(replay: Replay, span: Span, relay: Silence, deciding: Circumstances) -> None:
    """One span from wherever the shadow stands to its end."""
    settings, clock = replay.settings, SystemClock()
    topic = PartitionSource(Cluster.of(settings), settings.events_topic, span.partition)
    await topic.open()
    try:
        source = SpanSource(topic, PartitionLog(replay, span.partition), span)
        ledger = _ledger(replay, span, deciding)
        parts = Parts(source, ledger, relay, clock, Brake(NO_BRAKE, clock), deciding)
        await Lane(span.partition, "replay", settings.batch_size, parts, until=span.end).run()
    finally:
        await topic.close()


def _ledger(replay: Replay, span: Span, deciding: Circumstances) -> LedgerPort:
    shadow = Ledger(replay.shadow, WRITERS)
    if span.start == 0:
        return shadow
    past = Past(Ledger(replay.live, ()), replay.live, replay.settings.database_schema)
    return SeedingLedger(shadow, replay.shadow, past, span, deciding)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
