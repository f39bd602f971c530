"""A lane: one partition's records taken in order, decided, committed behind the fence and handed to the relay."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from worker import metrics
from worker.clock import Clock
from worker.consumer.brake import Brake
from worker.consumer.deciding import NOTHING, Decider
from worker.consumer.deliberation import Circumstances
from worker.consumer.narrowing import blamed
from worker.consumer.recognition import recognise
from worker.ports import Batch, DataRefused, Ledger, Position, Record, Relay, Source
from worker.traceparent import brought, derived, trace_id, trace_of
from worker.tracing import TRACING

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
        self._decider = Decider(parts.ledger, parts.circumstances)
        self._stopping = asyncio.Event()
        self.working = False
        self.came_round_at = parts.clock.monotonic()
        self._log = structlog.get_logger().bind(partition=partition)

    async def run(self) -> None:
        """Claim the partition, settle the past, then work until `stop` or an error."""
        parts = self._parts
        position = await parts.ledger.claim(self._partition, self._owner, await parts.source.beginning())
        self._log.info("lane.claimed", epoch=position.epoch, offset=position.next_offset)
        # Before anything is published: a lane in the wrong place must not tell another system's notifications.
        await parts.source.seek(position.next_offset)
        await recognise(parts.source, position)
        await parts.relay.open(position)
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
        metrics.LANE_LAG_SECONDS.labels(self._partition).set(0)
        while not self._stopping.is_set() and position.next_offset < self._until:
            self.came_round_at = self._parts.clock.monotonic()
            polled = await self._parts.source.poll(self._batch_size, POLL_SECONDS)
            records = [record for record in polled if record.offset < self._until]
            if records:
                position = await self._step(position, records)
                await self._let_gather()
            else:
                metrics.LANE_LAG_SECONDS.labels(self._partition).set(0)
            if len(records) < len(polled):
                # The end lies between two records, where no record ever brings the cursor.
                position = await self._move(position, self._until)
            elif not polled:
                position = await self._pass(position)
        await self._parts.relay.finish()

    async def _let_gather(self) -> None:
        """Where nothing more is there, read again only once all is published, so that batches grow with the load.

        A batch costs the servers nearly as much with one record as with twenty. A lane that is behind goes on at once.
        """
        if self._parts.source.caught_up:
            await self._parts.relay.all_out()

    async def _pass(self, position: Position) -> Position:
        """Move the cursor past offsets that hold no record.

        Left behind them, it would seem to have lost records once retention removes these, too.
        """
        return await self._move(position, min(await self._parts.source.reached(), self._until))

    async def _move(self, position: Position, offset: int) -> Position:
        """The cursor at an offset, unless it is there already."""
        if offset <= position.next_offset:
            return position
        after = replace(position, next_offset=offset)
        await self._parts.ledger.commit(Batch(position, after, [], [], [], [], [], []))
        await self._parts.relay.submit([], offset)
        return after

    async def _step(self, position: Position, records: Sequence[Record]) -> Position:
        """Records from poll to commit; in halves where the database refuses them, so that one account waits alone."""
        try:
            return await self._commit(position, records, NOTHING)
        except DataRefused as refusal:
            if len(records) == 1:
                refused = await blamed(self._parts.ledger, self._decider, position, records[0], refusal)
                return await self._commit(position, records, refused)
        middle = len(records) // 2
        return await self._step(await self._step(position, records[:middle]), records[middle:])

    async def _commit(self, position: Position, records: Sequence[Record], refused: Mapping[int, str]) -> Position:
        """One batch from records to commit."""
        parts, began = self._parts, self._parts.clock.monotonic()
        with TRACING.batch(self._partition, records[0].offset, (trace_of(record.headers) for record in records)):
            deliberation = await self._decider.decide(position, records, refused)
            quarantined = deliberation.outcomes["quarantined"]
            parts.brake.check(len(records), quarantined)
            batch = deliberation.batch(records[-1])
            await parts.ledger.commit(batch)
        parts.brake.count(len(records), quarantined)
        self._decider.keep(batch)
        self._report(batch)
        metrics.BATCH_RECORDS.observe(len(records))
        metrics.BATCH_SECONDS.observe(parts.clock.monotonic() - began)
        age = parts.clock.now() - records[0].timestamp / 1000
        metrics.LANE_LAG_SECONDS.labels(self._partition).set(max(0.0, age))
        for outcome, count in deliberation.outcomes.items():
            metrics.RECORDS.labels(outcome).inc(count)
        await parts.relay.submit(batch.entries, batch.after.next_offset)
        return batch.after

    def _report(self, batch: Batch) -> None:
        """A line for each account that waits now; a reason never quotes what is in a record."""
        for parked in batch.parked:
            if parked.reason is not None:
                livemode, account = parked.key
                self._log.warning(
                    "account.quarantined",
                    account=account,
                    livemode=livemode,
                    offset=parked.record.offset,
                    event_id=parked.id,
                    trace=trace_id(brought(parked.record.headers) or derived(parked.id)),
                    reason=parked.reason,
                )
