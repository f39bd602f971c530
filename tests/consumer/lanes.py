"""Lanes on the parts in memory, ready to run."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.contract import fakes
from tests.contract.batches import HOME, PARTITION
from worker import ports
from worker.clock import SystemClock
from worker.consumer.brake import Brake, Limits
from worker.consumer.commands import DISCARD, REDRIVE
from worker.consumer.lane import Lane, Parts
from worker.ports import Headers, Record
from worker.relay.relay import Relay
from worker.simulator.events import Event

SECONDS = 20
CLOCK = SystemClock()


class Held(fakes.Publisher):
    """A publisher that begins nothing until it is let."""

    def __init__(self, broker: fakes.Broker, partition: int) -> None:
        super().__init__(broker, partition)
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def publish(self, entries: Iterable[ports.Entry], marker: int) -> None:
        self.asked.set()
        await self.go.wait()
        await super().publish(entries, marker)


@dataclass
class Workshop:
    """One database and one broker with a single partition, and lanes that work on them one after the other."""

    tables: fakes.Tables = field(default_factory=fakes.Tables)
    broker: fakes.Broker = field(default_factory=fakes.Broker)

    async def write(self, events: Iterable[Event | bytes]) -> None:
        """Put these on the events topic."""
        for event in events:
            body = event.body if isinstance(event, Event) else event
            await self.broker.append("events", PARTITION, b"key", body, (("ce_id", b"evt_header"),))

    async def command(self, account: str, discarded: int | None = None) -> None:
        """Put a redrive on the events topic, or a discard of the record at an offset."""
        kind = REDRIVE if discarded is None else DISCARD
        body = {
            "id": f"cmd_{len(self.broker.records('events'))}",
            "type": kind,
            "created": 1_735_579_000,
            "livemode": True,
            "account": account,
            "data": {"object": {"record_offset": discarded}},
        }
        headers: Headers = (("ce_type", kind.encode()),)
        await self.broker.append("events", PARTITION, account.encode(), json.dumps(body).encode(), headers)

    def lane(
        self,
        batch_size: int = 500,
        dies: fakes.Death = "",
        limits: Limits | None = None,
        ledger: ports.Ledger | None = None,
        outbox: ports.Outbox | None = None,
        publisher: fakes.Publisher | None = None,
    ) -> Lane:
        """A new owner's lane."""
        publisher = publisher or fakes.Publisher(self.broker, PARTITION)
        publisher.dies = dies
        relay = Relay(publisher, outbox or fakes.Outbox(self.tables), CLOCK)
        source, brake = fakes.Source(self.broker, PARTITION), Brake(limits or Limits(), CLOCK)
        parts = Parts(source, ledger or fakes.Ledger(self.tables), relay, CLOCK, brake, HOME)
        return Lane(PARTITION, "owner", batch_size, parts)

    async def worked_off(self) -> None:
        """Return once everything on the events topic has been published."""
        end = len(self.broker.records("events"))
        async with asyncio.timeout(SECONDS):
            while self.broker.markers.get(PARTITION, -1) < end:  # noqa: ASYNC110 - a marker gives no signal
                await asyncio.sleep(0.001)

    @asynccontextmanager
    async def running(self, lane: Lane) -> AsyncIterator[None]:
        """The lane at work, stopped in the end."""
        work = asyncio.create_task(lane.run())
        try:
            yield
        finally:
            lane.stop()
            async with asyncio.timeout(SECONDS):
                await work

    def told(self) -> Sequence[Record]:
        """What readers of the notifications topic see."""
        return self.broker.records("notifications")


def header(record: Record, name: str) -> str:
    """A header's text."""
    return dict(record.headers)[name].decode()


def judged(records: Iterable[Record]) -> list[tuple[str, str, int]]:
    """Notifications as the oracle judges them."""
    return [(header(r, "ce_id"), header(r, "ce_partitionkey"), int(header(r, "ce_sequence"))) for r in records]
