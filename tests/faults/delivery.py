"""Stripe while the worker dies: every event is sent until it is accepted, and what was accepted is remembered."""

import asyncio

from tests.journeys.system import System
from worker.simulator.attempts import Outcome, Persistence
from worker.simulator.deliveries import Courier
from worker.simulator.events import Event

AGAIN_SECONDS = 0.1


async def _again(_failures: int) -> None:
    """A short pause, so that a worker that is back finds traffic at once."""
    await asyncio.sleep(AGAIN_SECONDS)


class Stripe:
    """Delivers to one system, however often its ingress goes away."""

    def __init__(self, system: System) -> None:
        self.accepted: set[str] = set()
        self.waiting = 0
        self._done = 0
        self._awaited = 0
        self._reached = asyncio.Event()
        persistence = Persistence(attempts=10_000, concurrency=8, backoff=_again)
        self._courier = Courier(system.url, system.secrets, persistence=persistence, report=self._note)

    def _note(self, outcome: Outcome) -> None:
        self.waiting -= outcome.accepted
        self._done += outcome.accepted
        if self._done >= self._awaited:
            self._reached.set()
        if outcome.accepted and outcome.event.type.startswith("capital."):
            self.accepted.add(outcome.event.id)

    async def deliver(self, events: tuple[Event, ...]) -> None:
        """Return once every one of them has been accepted; `waiting` counts those that have not."""
        self.waiting += len(events)
        assert not await self._courier.deliver(events)

    async def takes(self, more: int) -> None:
        """Return once so many more were accepted than now."""
        self._awaited = self._done + more
        self._reached.clear()
        await self._reached.wait()
