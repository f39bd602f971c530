"""The relay of one lane: entries in the order of their numbers, each batch with the marker, behind no gap."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from worker import metrics
from worker.clock import Clock
from worker.ports import Entry, Misplaced, Outbox, Position, Publisher
from worker.traceparent import derived
from worker.tracing import TRACING

# Size carries throughput: a transaction costs the same 20 ms with one entry or two thousand.
LARGEST_TRANSACTION: Final = 2_000
# Of a partition that never owed anything.
FIRST_NUMBER: Final = 1
ADVICE: Final = "see docs/positions.md"
# Bounds memory: past this the lane waits for the relay.
LARGEST_BACKLOG: Final = 8_000
# A relay that owes something and has published nothing for so long is stuck: every call it makes ends far sooner.
STUCK_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class _Owed:
    """A committed batch's entries, up to which input offset they reach, and since when they are owed."""

    entries: Sequence[Entry]
    next_offset: int
    since: float


class Relay:
    """Publishes a lane's entries; the marker says up to which input offset everything is out.

    Raises what its publisher and outbox raise. After any error it must be dropped with its lane: what was really
    published is known only by reading the marker again with a new publisher.
    """

    def __init__(self, publisher: Publisher, outbox: Outbox, clock: Clock) -> None:
        self._publisher = publisher
        self._outbox = outbox
        self._clock = clock
        self._batches: deque[_Owed] = deque()
        self._changed = asyncio.Condition()
        self._backlog = 0
        self._unpublished = 0
        self._moved_at = clock.monotonic()
        self._ending = False
        self._marker = 0

    async def open(self, position: Position) -> None:
        """Settle what an earlier owner left, then publish whatever the outbox still owes up to the position."""
        marker = await self._publisher.open()
        if marker is None:
            marker = await self._recovered(position)
            # What a topic that was replaced still owes has offsets below 0, and no group can be told of these.
            if marker >= 0:
                await self._publisher.publish((), marker)
        elif position.next_number == FIRST_NUMBER and 0 < position.next_offset < marker:
            # What is derived from here on would be numbered anew, by accounts whose history is missing.
            raise Misplaced(
                f"partition {position.partition}: it was published up to offset {marker}, but the database is new, "
                f"and the events topic no longer has what came before offset {position.next_offset}: {ADVICE}"
            )
        self._marker = marker
        await self._catch_up(position)

    async def _recovered(self, position: Position) -> int:
        """A marker where there is none: at the beginning, or proven by the last notification that readers see.

        Every lane writes its marker before its first record, so a missing one of a partition that ever owed or told
        anything was lost: a deleted group, offsets that expired, or with the topic that was made anew. What it owed is
        known from its claim, before the marker was asked for: an owner that slept in between would take another's first
        batch for a sign that the marker was lost.
        """
        partition = position.partition
        told = await self._publisher.last_told()
        if told is None and position.next_number == FIRST_NUMBER:
            return position.next_offset
        offset = None if told is None else await self._outbox.offset_of(partition, told)
        if offset is None:
            raise Misplaced(
                f"partition {partition}: the published-through marker is gone from the consumer group, and the outbox "
                f"does not know the last notification on the topic ({told or 'there is none'}): {ADVICE}"
            )
        structlog.get_logger().warning("marker.recovered", partition=partition, last_told=told, offset=offset)
        return offset + 1

    async def _catch_up(self, position: Position) -> None:
        while self._marker < position.next_offset:
            entries = await self._outbox.owed(
                position.partition, self._marker, position.next_offset, LARGEST_TRANSACTION
            )
            complete = len(entries) <= LARGEST_TRANSACTION
            await self._publish(entries, position.next_offset if complete else entries[-1].record_offset + 1)

    async def submit(self, entries: Sequence[Entry], next_offset: int) -> None:
        """Owe a committed batch's entries, in commit order; waits while too much is owed already."""
        since = self._clock.monotonic()
        async with self._changed:
            await self._changed.wait_for(lambda: self._backlog < LARGEST_BACKLOG)
            # State restored from an older backup derives entries again that were published long ago.
            beyond = [entry for entry in entries if entry.record_offset >= self._marker]
            if self._unpublished == 0:
                self._moved_at = self._clock.monotonic()
            self._batches.append(_Owed(beyond, next_offset, since))
            self._unpublished += 1
            self._backlog += len(beyond)
            metrics.UNPUBLISHED.inc(len(beyond))
            self._changed.notify_all()

    async def run(self) -> None:
        """Publish what is owed until `finish` was called and nothing is owed any more."""
        while batches := await self._take():
            entries = [entry for batch in batches for entry in batch.entries]
            await self._publish(entries, batches[-1].next_offset)
            self._unpublished -= len(batches)
            self._moved_at = self._clock.monotonic()
            for batch in batches:
                metrics.PUBLISH_SECONDS.observe(self._clock.monotonic() - batch.since)
            async with self._changed:
                self._backlog -= len(entries)
                metrics.UNPUBLISHED.dec(len(entries))
                self._changed.notify_all()

    async def _take(self) -> Sequence[_Owed]:
        """Whole batches up to about one transaction's size; none only at the end.

        Those committed while a transaction was under way share the next one, so that transactions grow with the load;
        nothing waits for more to come.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._batches) or self._ending)
            taken: list[_Owed] = []
            size = 0
            while self._batches and (not taken or size + len(self._batches[0].entries) <= LARGEST_TRANSACTION):
                batch = self._batches.popleft()
                taken.append(batch)
                size += len(batch.entries)
            return taken

    async def _publish(self, entries: Sequence[Entry], marker: int) -> None:
        if marker <= self._marker and not entries:
            return
        traces = (entry.traceparent or derived(entry.causation_id) for entry in entries)
        with TRACING.publication(len(entries), traces):
            await self._publisher.publish(entries, max(marker, self._marker))
        self._marker = max(marker, self._marker)
        now = self._clock.now()
        for destination, count in Counter(entry.destination for entry in entries).items():
            metrics.PUBLISHED.labels(destination).inc(count)
        for entry in entries:
            metrics.END_TO_END_SECONDS.observe(max(0.0, now - entry.time / 1000))

    def alive(self) -> str | None:
        """None while what is owed gets out, else for how long nothing did."""
        still = self._clock.monotonic() - self._moved_at
        return f"nothing published for {still:.0f} s" if self._unpublished and still > STUCK_SECONDS else None

    async def all_out(self) -> None:
        """Return once nothing is owed."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._unpublished)

    async def finish(self) -> None:
        """Nothing more will be submitted: `run` returns once all is out."""
        async with self._changed:
            self._ending = True
            self._changed.notify_all()

    async def close(self) -> None:
        """Let go of the publisher, aborting what was begun."""
        metrics.UNPUBLISHED.dec(self._backlog)
        await self._publisher.close()
