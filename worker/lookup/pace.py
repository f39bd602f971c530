"""The pace: at most so many requests in a second, evenly, however many wait."""

import asyncio

from worker.clock import Clock


class Pace:
    """Turns, each at least a gap after the one before."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._next = clock.monotonic()

    async def turn(self) -> None:
        """Return when it is this caller's turn; callers come in the order they asked."""
        now = self._clock.monotonic()
        mine = max(now, self._next)
        self._next = mine + self._gap
        if mine > now:
            await asyncio.sleep(mine - now)
