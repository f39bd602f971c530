"""The watchdog: ends a process whose event loop no longer turns, or a part of which makes no progress.

It never looks at a clock to judge: it counts its own turns. A process that was stopped, or a machine that slept, did
not turn either, and a clock that jumps changes no count.
"""

import asyncio
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import Final

from worker.health import Health
from worker.metrics import LOOP_LAG_SECONDS
from worker.shutdown import end_now

BEAT_SECONDS: Final = 0.5
# More than any session lasts: the lanes have long gone to others by then.
BLOCKED_SECONDS: Final = 60
# Parts say themselves when they are stuck, after minutes; one that was only stopped moves on within a moment.
AILING_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between two looks, and how many looks in a row must find the loop blocked, or a part ailing."""

    beat_seconds: float = BEAT_SECONDS
    blocked: int = int(BLOCKED_SECONDS / BEAT_SECONDS)
    ailing: int = int(AILING_SECONDS / BEAT_SECONDS)


class Watchdog:
    """Looks at the loop it runs in, from a thread of its own, and at the parts' own word, from the loop.

    A loop blocked by code that keeps Python's lock to itself blocks the thread, too: for that there is the
    orchestrator's probe, which gets no answer then.
    """

    def __init__(self, health: Health, patience: Patience | None = None) -> None:
        self._health = health
        self._patience = patience or Patience()
        self._turns = 0
        self._ended = threading.Event()
        self._loop_thread = threading.get_ident()
        self._ailing: dict[str, int] = {}

    async def run(self) -> None:
        """Watch until cancelled, and measure meanwhile how late the loop wakes."""
        self._loop_thread = threading.get_ident()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        loop = asyncio.get_running_loop()
        try:
            while True:
                due = loop.time() + self._patience.beat_seconds
                await asyncio.sleep(self._patience.beat_seconds)
                LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due))
                self._turns += 1
                self._judge(self._health.living())
        finally:
            self._ended.set()

    def _judge(self, living: dict[str, str | None]) -> None:
        """End the process once a part has been ailing for so many looks in a row."""
        self._ailing = {name: self._ailing.get(name, 0) + 1 for name, trouble in living.items() if trouble is not None}
        if any(looks >= self._patience.ailing for looks in self._ailing.values()):
            end_now("process.stuck", parts={name: living[name] for name in self._ailing})

    def _watch(self) -> None:
        """The thread: end the process once the loop has not turned for so many looks in a row."""
        seen, unchanged = self._turns, 0
        while not self._ended.wait(self._patience.beat_seconds):
            unchanged = unchanged + 1 if self._turns == seen else 0
            seen = self._turns
            if unchanged >= self._patience.blocked:
                frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - its documented name
                stack = "".join(traceback.format_stack(frame)) if frame else None
                end_now("loop.blocked", looks=unchanged, seconds=unchanged * self._patience.beat_seconds, stack=stack)
