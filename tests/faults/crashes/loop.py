"""A loop that says when nothing can go on by itself; its time stands still until somebody moves it."""

import asyncio
import selectors
from collections.abc import Callable


class _Nobody(selectors.SelectSelector):
    """Asks no socket anything: a loop that would wait for one is quiet."""

    def __init__(self, quiet: Callable[[float | None], None]) -> None:
        super().__init__()
        self._quiet = quiet

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._quiet(timeout)
        return []


class SteppedLoop(asyncio.SelectorEventLoop):
    """Runs what is ready, in the same order each time, and does nothing else."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._waiter: asyncio.Future[float | None] | None = None
        super().__init__(_Nobody(self._say))

    def time(self) -> float:
        return self._seconds

    def pass_time(self, seconds: float) -> None:
        """Move time on."""
        self._seconds += seconds

    async def quiet(self) -> float | None:
        """Return once nothing is ready: the seconds until the first timer, None where there is none."""
        self._waiter = self.create_future()
        return await self._waiter

    def _say(self, seconds: float | None) -> None:
        assert self._waiter is not None, "nothing can go on, and nobody waits for that"
        waiter, self._waiter = self._waiter, None
        waiter.set_result(seconds)
