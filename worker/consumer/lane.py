"""A lane: one partition's records taken in order, decided, committed behind the fence and handed to the relay."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from worker import metrics
from worker.clock import Clock
from worker.consumer.brake import Brake
from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.hot import HotAccounts
from worker.consumer.reading import commanded, read, wanted
from worker.ports import Ledger, Position, Record, Relay, Source

POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Parts:
    """What a lane works with; all of it is its own but the ledger."""

    source: Source
    ledger: Ledger
    relay: Relay
    clock: Clock
    brake: Brake
    circumstances: Circumstances


class Lane:
    """One partition while this process owns it. Raises what its parts raise, and must then be dropped."""

    def __init__(self, partition: int, owner: str, batch_size: int, parts: Parts, *, until: int | None = None) -> None:
        """A replay ends its lane before the offset `until`; a live lane has none."""
        self._partition = partition
        self._owner = owner
        self._batch_size = batch_size
        self._until = sys.maxsize if until is None else until
        self._parts = parts
        self._hot = HotAccounts()
        self._stopping = asyncio.Event()
        self.working = False
        self.came_round_at = parts.clock.monotonic()
        self._log = structlog.get_logger().bind(partition=partition)

    async def run(self) -> None:
        """Claim the partition, settle the past, then work until `stop` or an error."""
        parts = self._parts
        position = await parts.ledger.claim(self._partition, self._owner, await parts.source.beginning())
        self._log.info("lane.claimed", epoch=position.epoch, offset=position.next_offset)
        await parts.relay.open(position)
        await parts.source.seek(position.next_offset)
        try:
            with metrics.LANES.track_inprogress():
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(parts.relay.run())
                    tasks.create_task(self._work(position))
        finally:
            # Another process counts it from here on.
            metrics.LANE_LAG_SECONDS.remove(self._partition)

    def stop(self) -> None:
        """Take no more records; `run` returns once what was taken is committed and published."""
        self._stopping.set()

    async def _work(self, position: Position) -> None:
        self.working = True
        while not self._stopping.is_set() and position.next_offset < self._until:
            self.came_round_at = self._parts.clock.monotonic()
            polled = await self._parts.source.poll(self._batch_size, POLL_SECONDS)
            records = [record for record in polled if record.offset < self._until]
            if records:
                position = await self._step(position, records)
            else:
                metrics.LANE_LAG_SECONDS.labels(self._partition).set(0)
        await self._parts.relay.finish()

    async def _step(self, position: Position, records: Sequence[Record]) -> Position:
        """One batch from records to commit."""
        began = self._parts.clock.monotonic()
        deliberation = await self._decide(position, records)
        quarantined = deliberation.outcomes["quarantined"]
        self._parts.brake.check(len(records), quarantined)
        batch = deliberation.batch(records[-1])
        await self._parts.ledger.commit(batch)
        self._parts.brake.count(len(records), quarantined)
        self._hot.keep(after for _, after in batch.accounts)
        metrics.BATCH_RECORDS.observe(len(records))
        metrics.BATCH_SECONDS.observe(self._parts.clock.monotonic() - began)
        age = self._parts.clock.now() - records[0].timestamp / 1000
        metrics.LANE_LAG_SECONDS.labels(self._partition).set(max(0.0, age))
        for outcome, count in deliberation.outcomes.items():
            metrics.RECORDS.labels(outcome).inc(count)
        await self._parts.relay.submit(batch.entries, batch.after.next_offset)
        return batch.after

    async def _decide(self, position: Position, records: Sequence[Record]) -> Deliberation:
        readings = [read(record) for record in records]
        commands = commanded(readings)
        parked = await self._parts.ledger.parked(commands) if commands else {}
        waiting = [read(record.record) for behind in parked.values() for record in behind]
        wants = wanted([*readings, *waiting])
        loaded = await self._parts.ledger.load(self._hot.missing(wants))
        known = Known(self._hot.with_loaded(wants, loaded), parked)
        deliberation = Deliberation(position, known, self._parts.circumstances)
        for reading in readings:
            deliberation.take(reading)
        return deliberation
