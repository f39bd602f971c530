"""Replaying: joins the live lanes' own parts to a shadow schema, without lookups and without publishing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from worker import wiring
from worker.clock import SystemClock
from worker.consumer.brake import Brake, Limits
from worker.consumer.lane import Lane, Parts
from worker.replay.plan import Plan, Refused, Span, whole
from worker.replay.silence import Silence
from worker.settings import Settings
from worker.store import differences, migrations, shadows
from worker.store.connection import Pool, connect
from worker.store.ledger import Ledger
from worker.topic.cluster import Cluster
from worker.topic.source import PartitionSource
from worker.topic.topics import partitions_of

# A replay shows what the rules make of every record, however many of them it cannot apply.
NO_BRAKE = Limits(count=2**62)
LANES_AT_ONCE = 8

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay: the live settings and database, the shadow's, and the plan."""

    settings: Settings
    live: Pool
    shadow: Pool
    schema: str
    plan: Plan


def schema_of(settings: Settings, name: str) -> str:
    """The schema a replay of this name writes to."""
    return f"{settings.database_schema}_replay_{name}"


@asynccontextmanager
async def opened(settings: Settings, name: str, account: str | None) -> AsyncIterator[Replay]:
    """A replay of this name, begun or taken up again; nobody else works on it meanwhile. Raises Refused."""
    schema = schema_of(settings, name)
    async with AsyncExitStack() as stack:
        live = await connect(settings, connections=3)
        stack.push_async_callback(live.close)
        await migrations.verify(live)
        if not await stack.enter_async_context(shadows.locked(live, schema)):
            raise Refused(f"a replay named {name} is running")
        shadowed = settings.model_copy(update={"database_schema": schema})
        await migrations.migrate(shadowed)
        shadow = await connect(shadowed, connections=LANES_AT_ONCE + 1)
        stack.push_async_callback(shadow.close)
        yield Replay(settings, live, shadow, schema, await _plan(settings, live, shadow, account))


async def _plan(settings: Settings, live: Pool, shadow: Pool, account: str | None) -> Plan:
    """The plan that the shadow was made for; a new one where there is none."""
    saved = await shadows.saved_plan(shadow)
    if saved is not None:
        spans, of = saved
        if of != account:
            raise Refused(f"this replay was begun for {of or 'every account'}: choose another name")
        return Plan(tuple(Span(partition, *span) for partition, span in sorted(spans.items())), of)
    plan = whole(await _beginnings(settings), await shadows.cursors(live), account)
    await shadows.save_plan(shadow, {span.partition: (span.start, span.end) for span in plan.spans}, account)
    return plan


async def _beginnings(settings: Settings) -> dict[int, int]:
    cluster = Cluster.of(settings)
    partitions = await partitions_of(cluster, settings.events_topic)
    if not partitions:
        raise Refused(f"there is no topic {settings.events_topic}")
    beginnings = {}
    for partition in range(partitions):
        source = PartitionSource(cluster, settings.events_topic, partition)
        await source.open()
        beginnings[partition] = await source.beginning()
        await source.close()
    return beginnings


async def run(replay: Replay, progress: Progress) -> None:
    """Go through the plan from where the shadow stands; `progress` hears how many offsets are done."""
    partitions = await partitions_of(Cluster.of(replay.settings), replay.settings.events_topic)
    deciding = replace(wiring.circumstances(replay.settings, partitions), only=replay.plan.account)
    ledger = Ledger(replay.shadow, wiring.WRITERS)
    relays = {span.partition: Silence() for span in replay.plan.spans}
    turns = asyncio.Semaphore(LANES_AT_ONCE)

    async def one(span: Span) -> None:
        async with turns:
            source = PartitionSource(Cluster.of(replay.settings), replay.settings.events_topic, span.partition)
            await source.open()
            try:
                clock = SystemClock()
                parts = Parts(source, ledger, relays[span.partition], clock, Brake(NO_BRAKE, clock), deciding)
                await Lane(span.partition, "replay", replay.settings.batch_size, parts, until=span.end).run()
            finally:
                await source.close()

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_watch(relays, progress))
        async with asyncio.TaskGroup() as lanes:
            for span in replay.plan.spans:
                lanes.create_task(one(span))
        watching.cancel()
    progress(sum(relay.next_offset for relay in relays.values()))


async def _watch(relays: dict[int, Silence], progress: Progress) -> None:
    while True:
        progress(sum(relay.next_offset for relay in relays.values()))
        await asyncio.sleep(0.25)


async def report(replay: Replay) -> differences.Comparison:
    """What differs between the live tables and the shadow's. Raises Unavailable."""
    return await differences.compare(replay.live, replay.settings.database_schema, replay.schema, replay.plan.account)
