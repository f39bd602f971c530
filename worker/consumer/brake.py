"""The brake: stops a lane when too many records are quarantined, for then not the records are bad but the release."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from worker.clock import Clock

# Batches this close together are remembered as one: there can be a hundred a second.
TOGETHER_SECONDS: Final = 1.0


class Braked(Exception):  # noqa: N818 - named for what happened
    """More records would be quarantined than the brake allows; nothing of the batch was committed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Quarantines within a window of seconds that are too many: this count, if also this share of its records."""

    count: int = 20
    ratio: float = 0.05
    seconds: float = 300


@dataclass(slots=True)
class _Second:
    """What was committed within a second from its beginning on."""

    began: float
    records: int
    quarantined: int


class Brake:
    """One partition's recent batches, and whether the next may be committed; it outlives the lanes that it stops."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._recent: deque[_Second] = deque()
        self._records = 0
        self._quarantined = 0

    def check(self, records: int, quarantined: int) -> None:
        """Raises Braked where a batch of so many records, so many of them to be quarantined, is too much."""
        oldest = self._clock.monotonic() - self._limits.seconds
        while self._recent and self._recent[0].began < oldest:
            gone = self._recent.popleft()
            self._records -= gone.records
            self._quarantined -= gone.quarantined
        bad, total = quarantined + self._quarantined, records + self._records
        if quarantined and bad >= self._limits.count and bad >= self._limits.ratio * total:
            raise Braked(f"{bad} of {total} records of the last {self._limits.seconds:g} s would be quarantined")

    def count(self, records: int, quarantined: int) -> None:
        """Remember a batch that was committed."""
        now = self._clock.monotonic()
        if not self._recent or now - self._recent[-1].began >= TOGETHER_SECONDS:
            self._recent.append(_Second(now, 0, 0))
        self._recent[-1].records += records
        self._recent[-1].quarantined += quarantined
        self._records += records
        self._quarantined += quarantined
