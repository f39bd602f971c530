"""An owner that goes on one step at a time: its lane and relay are real, and wait before and after every call."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests.contract.fakes import Line
from worker.consumer.lane import Lane
from worker.ports import Fenced, Unavailable

# A new lane on one process' line, let go of at the end.
Begin = Callable[[Line], AbstractAsyncContextManager[Lane]]


@dataclass(frozen=True, eq=False)
class Step:
    """A call about to be made, or its answer about to arrive."""

    what: str
    taken: asyncio.Future[None]

    def take(self) -> None:
        """Let it happen."""
        self.taken.set_result(None)

    def lose(self) -> None:
        """Let the call or the answer get lost: the owner learns that something went wrong, and not what."""
        self.taken.set_exception(Unavailable(f"lost: {self.what}"))


class Owner(Line):
    """One process with one partition's lane. As a keeper does, it begins a lane again that ended in trouble.

    Where the lane was fenced, only while it believes that the partition is its own.
    """

    def __init__(self, begin: Begin, name: str) -> None:
        self.steps: list[Step] = []
        self.assigned = True
        self._begin = begin
        self._name = name
        self._lane: Lane | None = None
        self._stopping = False
        self._killed = False
        self._life = asyncio.get_running_loop().create_task(self._keep())

    async def step(self, what: str) -> None:
        """Wait to be let go on; a process that was killed asks nobody anything any more."""
        if self._killed:
            raise Unavailable("the process is gone")
        step = Step(f"{self._name}: {what}", asyncio.get_running_loop().create_future())
        self.steps.append(step)
        try:
            await step.taken
        finally:
            self.steps.remove(step)

    @property
    def ended(self) -> bool:
        """Whether it is gone. Raises what ended it, if that is no trouble a keeper knows of."""
        if self._life.done() and not self._killed:
            self._life.result()
        return self._life.done()

    def stop(self) -> None:
        """Take nothing more, and end once what was taken is published."""
        self._stopping = True
        if self._lane is not None:
            self._lane.stop()

    def kill(self) -> None:
        """As SIGKILL: what it has in memory is gone, and what is under way stays as it is for ever."""
        self._killed = True
        self._life.cancel()

    async def _keep(self) -> None:
        again = True
        while again and not self._stopping and not self._killed:
            async with self._begin(self) as self._lane:
                again = await self._ends_in_trouble(self._lane)

    async def _ends_in_trouble(self, lane: Lane) -> bool:
        """Run a lane to its end; whether another is to be begun."""
        again = False
        try:
            # In a task of its own, as a keeper runs it.
            await asyncio.create_task(lane.run())
        except* Unavailable:
            again = True
        except* Fenced:
            again = self.assigned
        return again
