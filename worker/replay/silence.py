"""Silence: the relay of a replay, which publishes nothing and owes nothing."""

import asyncio
from collections.abc import Sequence

from worker.ports import Entry, Position


class Silence:
    """In the place of a lane's relay (see `worker.ports.Relay`); it remembers how far the lane has come."""

    def __init__(self, start: int) -> None:
        """`start` is the offset that the lane's span begins at."""
        self._finished = asyncio.Event()
        self._start = start
        self._next_offset = start

    @property
    def done(self) -> int:
        """How many offsets the lane has gone through."""
        return self._next_offset - self._start

    async def open(self, position: Position) -> None:
        """Nothing was owed before."""
        self._next_offset = position.next_offset

    async def submit(self, entries: Sequence[Entry], next_offset: int) -> None:  # noqa: ARG002 - that is its point
        """Nothing is published: the entries are in the shadow's outbox, and stay there."""
        self._next_offset = next_offset

    async def run(self) -> None:
        """Wait for the lane."""
        await self._finished.wait()

    async def finish(self) -> None:
        """The lane is done."""
        self._finished.set()
