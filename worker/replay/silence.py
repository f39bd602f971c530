"""Silence: the relay of a replay, which publishes nothing and owes nothing."""

import asyncio
from collections.abc import Sequence

from worker.ports import Entry, Position


class Silence:
    """In the place of a lane's relay (see `worker.ports.Relay`)."""

    def __init__(self) -> None:
        self._finished = asyncio.Event()

    async def open(self, position: Position) -> None:
        """Nothing was owed before."""

    async def submit(self, entries: Sequence[Entry], next_offset: int) -> None:
        """Nothing is published: the entries are in the shadow's outbox, and stay there."""

    async def all_out(self) -> None:
        """Nothing is owed."""

    async def run(self) -> None:
        """Wait for the lane."""
        await self._finished.wait()

    async def finish(self) -> None:
        """The lane is done."""
        self._finished.set()
