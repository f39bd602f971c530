"""Persistence: how often Stripe is asked for one thing, and how long to wait in between; it never asks by itself."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from worker.lookup.capital_api import NotAnswered

LONGEST_WAIT_SECONDS: Final = 300

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Persistence:
    """How hard to try: attempts for a question, seconds before the second, and questions asked at a time."""

    attempts: int
    backoff_seconds: float
    concurrency: int = 8

    def wait(self, attempts: int, asked: float | None) -> float:
        """Seconds before the next attempt: doubling, with jitter so that many do not come at once, or as asked."""
        doubled = self.backoff_seconds * 2.0 ** (attempts - 1)
        jittered = min(doubled, LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return max(jittered, asked or 0.0)

    async def until_answered(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `ask` returns once Stripe answers. Raises NotAnswered after the last attempt, or at once if in vain."""
        attempts = 1
        while True:
            try:
                return await ask()
            except NotAnswered as trouble:
                if trouble.in_vain or attempts >= self.attempts:
                    raise
                seconds = self.wait(attempts, trouble.seconds)
                structlog.get_logger().warning("stripe.waiting", reason=str(trouble), seconds=round(seconds, 1))
            await asyncio.sleep(seconds)
            attempts += 1
