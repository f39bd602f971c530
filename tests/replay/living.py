"""A live system for replays: records on its events topic, taken by lanes of its own, and commands asked in process."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from structlog.testing import capture_logs

from tests.journeys.child import Child
from tests.journeys.system import PARTITIONS, System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.cli.commands import _parser
from worker.clock import SystemClock
from worker.consumer.brake import Brake, Limits
from worker.consumer.lane import Lane, Parts
from worker.ports import Record
from worker.replay.silence import Silence
from worker.rotation import Rotation
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.world import World
from worker.store.connection import connect
from worker.store.ledger import Ledger
from worker.topic.cluster import Cluster
from worker.topic.source import PartitionSource
from worker.wiring import WRITERS, Process, circumstances
from worker.wiring import lanes as wired_lanes

ACCOUNTS = 60
# Records follow one another by so many ms, so that a time lies between any two; of late, lest retention take them.
APART_MS = 1_000
FIRST_MS = int(time.time() - 7_200) * 1_000


@dataclass(frozen=True)
class Said:
    """What a command ended with, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it printed, line by line, as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def compared(self) -> dict[str, Any]:
        """The sum in the last line of a JSON report."""
        compared: dict[str, Any] = self.lines[-1]["compared"]
        return compared

    @property
    def differences(self) -> list[dict[str, Any]]:
        """The differences of a JSON report."""
        return [line for line in self.lines if "finding" in line]

    @property
    def promotions(self) -> list[dict[str, Any]]:
        """The accounts that a JSON report says were promoted."""
        return [line for line in self.lines if "promoted_by" in line]

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Where a JSON report says records came from."""
        return [line["source"] for line in self.lines if "source" in line]


@dataclass
class Commands:
    """The command line, asked in this process."""

    system: System
    capsys: pytest.CaptureFixture[str]

    async def replay(self, *arguments: str) -> Said:
        """`capital-worker replay …` with JSON lines, in this process alone."""
        return await self.run("replay", *arguments, "--json", "--processes", "1")

    async def run(self, *arguments: str) -> Said:
        """Any command."""
        chosen = _parser().parse_args(arguments)
        self.capsys.readouterr()
        with capture_logs():
            status = await chosen.run(self.system.settings, chosen)
        printed = self.capsys.readouterr()
        return Said(status, printed.out, printed.err)


def history(seed: int, accounts: int = ACCOUNTS) -> Sequence[Event]:
    """Deliveries of a world, disordered and repeated."""
    return disordered(World(seed=seed, accounts=accounts, kinds=WITHOUT_LOOKUPS).events(), seed=seed)


async def append(system: System, events: Iterable[Event], first: int = 0, apart_ms: int = APART_MS) -> list[Record]:
    """Put events on the topic as the ingress does, each some time after the one before; what was written."""
    producer = AIOKafkaProducer(bootstrap_servers=system.environ["CAPITAL_KAFKA_BOOTSTRAP"], acks="all", linger_ms=5)
    topic = system.settings.events_topic
    timed = [(FIRST_MS + at * apart_ms, one) for at, one in enumerate(events, first)]
    async with producer:
        sent = [
            await producer.send(topic, event.body, key=event.account.encode(), timestamp_ms=at) for at, event in timed
        ]
        written = [await sending for sending in sent]
    return [
        Record(one.partition, one.offset, at, event.account.encode(), event.body, ())
        for one, (at, event) in zip(written, timed, strict=True)
    ]


@asynccontextmanager
async def lanes(system: System, **changes: str) -> AsyncIterator[Child]:
    """Lanes at work; ended as an orchestrator ends them."""
    child = system.child("consume", **changes)
    child.start()
    await child.ready()
    yield child
    assert await child.terminate() == 0


@asynccontextmanager
async def publishing(system: System) -> AsyncIterator[None]:
    """Lanes with their relays on every partition, in this process: by whatever rules it has at the moment."""
    pool = await connect(system.settings)
    rotation = Rotation("consume", system.settings, system.environ)
    begin = wired_lanes(Process(system.settings, asyncio.Event(), rotation), pool, PARTITIONS)
    try:
        with capture_logs():
            async with AsyncExitStack() as stack:
                at_work = [await stack.enter_async_context(begin(partition)) for partition in range(PARTITIONS)]
                tasks = [asyncio.create_task(lane.run()) for lane in at_work]
                yield
                for lane in at_work:
                    lane.stop()
                await asyncio.gather(*tasks)
    finally:
        await pool.close()


async def lived(system: System, events: Sequence[Event], apart_ms: int = APART_MS) -> list[Record]:
    """A system that has taken these events; its lanes told nobody, for no test of the tables needs that."""
    await system.prepare()
    written = await append(system, events, apart_ms=apart_ms)
    await take(system)
    return written


async def take(system: System) -> None:
    """Have lanes of the test's own take all that is on the topic now."""
    pool = await connect(system.settings)
    try:
        with capture_logs():
            for partition in range(PARTITIONS):
                await _take(system, Ledger(pool, WRITERS), partition)
    finally:
        await pool.close()


async def _take(system: System, ledger: Ledger, partition: int) -> None:
    source, clock = PartitionSource(Cluster.of(system.settings), system.settings.events_topic, partition), SystemClock()
    await source.open()
    try:
        deciding = circumstances(system.settings, PARTITIONS)
        parts = Parts(source, ledger, Silence(), clock, Brake(Limits(), clock), deciding)
        await Lane(partition, "live", system.settings.batch_size, parts, until=await source.end()).run()
    finally:
        await source.close()
