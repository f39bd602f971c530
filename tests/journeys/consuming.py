"""`consume` inside the test's own process: it starts in no time, and its log and its health can be looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from structlog.testing import capture_logs

from tests.journeys.system import System
from worker import wiring
from worker.metrics import REGISTRY
from worker.rotation import Rotation

SECONDS = 45
POLL_SECONDS = 0.02


@dataclass
class Consume:
    """One run of the role."""

    process: wiring.Process
    running: "asyncio.Task[None]"
    lines: Sequence[MutableMapping[str, Any]]

    @property
    def unready(self) -> str:
        """Why it is not ready; empty where it is."""
        return self.process.health.readiness()["lanes"] or ""

    def logged(self, event: str) -> list[MutableMapping[str, Any]]:
        """The lines of an event so far."""
        return [line for line in self.lines if line["event"] == event]

    async def ready(self) -> None:
        """Return once its lanes work."""
        await self.until(lambda: not self.unready, "ready")

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Return once the condition holds; fails when the role ends before, or after a while."""
        try:
            async with asyncio.timeout(SECONDS):
                while not condition():
                    assert not self.running.done(), f"ended before it was {what}: {self.lines}"
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"never {what}: {self.unready}: {self.lines}") from None


@asynccontextmanager
async def consuming(system: System) -> AsyncIterator[Consume]:
    """The role from its start to its orderly end, ready or not."""
    with capture_logs() as lines:
        rotation = Rotation("consume", system.settings, system.environ)
        process = wiring.Process(system.settings, asyncio.Event(), rotation)
        process.health.register("lanes", lambda: None, lambda: "not begun")
        running = asyncio.create_task(wiring.consume(process))
        try:
            yield Consume(process, running, lines)
        finally:
            process.stop.set()
            async with asyncio.timeout(SECONDS):
                await running


def restarts(reason: str) -> float:
    """How many lanes of this process were ended by a reason, so far."""
    return REGISTRY.get_sample_value("capital_lane_restarts_total", {"reason": reason}) or 0
