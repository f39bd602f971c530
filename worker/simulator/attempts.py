"""Attempts to deliver an event: how many, how patient, how flawed, how one ended; nothing here touches a network."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import httpx

from worker.simulator.events import Event

Backoff = Callable[[int], Awaitable[None]]


async def doubling(failures: int) -> None:
    """Wait 0.1 s after the first failure, then twice as long each time, at most 5 s."""
    await asyncio.sleep(min(0.1 * 2 ** (failures - 1), 5.0))


@dataclass(frozen=True, slots=True)
class Persistence:
    """How hard the courier tries: attempts for an event, seconds for an attempt, requests at a time.

    `in_hand` bounds the events begun and not ended, those that wait for their next attempt included; waiting holds no
    request back. `backoff` is awaited with the number of failures so far.
    """

    attempts: int = 16
    deadline_seconds: float = 10.0
    concurrency: int = 16
    in_hand: int = 1_024
    backoff: Backoff = doubling


class Flaw(StrEnum):
    """What is wrong with a bad delivery; each must be answered with 400."""

    FORGED_SIGNATURE = "forged_signature"
    STALE_TIMESTAMP = "stale_timestamp"
    NO_SIGNATURE = "no_signature"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended; `status` is None when no answer came, and `trouble` then says why.

    `attempt` counts the attempts for this event from 1; there will be no more than `of`.
    """

    event: Event
    attempt: int
    status: int | None
    trouble: str
    of: int

    @property
    def accepted(self) -> bool:
        """Whether the endpoint took the event: any 2xx."""
        return self.status is not None and httpx.codes.is_success(self.status)

    @property
    def last(self) -> bool:
        """Whether no other attempt follows."""
        return self.accepted or self.attempt == self.of
