"""A span in the place of a lane's source: first what only the event log still has, then the topic."""

from collections.abc import Sequence
from typing import Protocol

from worker.ports import Record, Source
from worker.replay.plan import Span


class Log(Protocol):
    """The event log of one partition. Raises Unavailable."""

    async def read(self, start: int, before: int, most: int) -> Sequence[Record]:
        """Up to `most` records from an offset on, before another; none at the end."""
        ...


class SpanSource:
    """The records of one span (see `worker.ports.Source`)."""

    def __init__(self, topic: Source, log: Log, span: Span) -> None:
        self._topic = topic
        self._log = log
        self._span = span
        self._next = span.start

    @property
    def caught_up(self) -> bool:
        """Whether the last poll took all there was on the topic."""
        return self._topic.caught_up

    async def beginning(self) -> int:
        """Where the span begins: there a lane that is new begins."""
        return self._span.start

    async def seek(self, offset: int) -> None:
        """Read from this offset on."""
        self._next = offset
        if self._on_the_topic():
            await self._topic.seek(offset)

    async def poll(self, most: int, seconds: float) -> Sequence[Record]:
        """Up to `most` records in order, waiting at most `seconds` for the first."""
        if self._next >= self._span.topic_from:
            return await self._topic.poll(most, seconds) if self._on_the_topic() else ()
        records = await self._log.read(self._next, self._span.topic_from, most)
        self._next = records[-1].offset + 1 if records else self._span.topic_from
        if self._on_the_topic():
            await self._topic.seek(self._next)
        return records

    async def reached(self) -> int:
        """The offset that the next poll reads on from: behind what holds no record."""
        return await self._topic.reached() if self._on_the_topic() else self._next

    async def at(self, offset: int) -> Record | None:
        """The record at an offset, None where none is."""
        if offset >= self._span.topic_from:
            return await self._topic.at(offset)
        return next(iter(await self._log.read(offset, offset + 1, 1)), None)

    def _on_the_topic(self) -> bool:
        """Whether what comes next lies on the topic: of a span that expired whole, nothing does."""
        return self._span.topic_from <= self._next and self._span.topic_from < self._span.end

    async def close(self) -> None:
        """Let go of the connection."""
        await self._topic.close()
