"""A span of the topic in the place of a lane's source: it begins where the plan says."""

from collections.abc import Sequence

from worker.ports import Record, Source
from worker.replay.plan import Span


class SpanSource:
    """The records of one span (see `worker.ports.Source`)."""

    def __init__(self, topic: Source, span: Span) -> None:
        self._topic = topic
        self._span = span

    async def beginning(self) -> int:
        """Where the span begins: there a lane that is new begins."""
        return self._span.start

    async def seek(self, offset: int) -> None:
        """Read from this offset on."""
        await self._topic.seek(offset)

    async def poll(self, most: int, seconds: float) -> Sequence[Record]:
        """Up to `most` records in order, waiting at most `seconds` for the first."""
        return await self._topic.poll(most, seconds)

    async def reached(self) -> int:
        """The offset that the next poll reads on from."""
        return await self._topic.reached()

    async def at(self, offset: int) -> Record | None:
        """The record at an offset, None where none is."""
        return await self._topic.at(offset)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._topic.close()
