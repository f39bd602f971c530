"""The brake: stops a lane when too many records are quarantined, for then not the records are bad but the release."""

from collections import deque
from dataclasses import dataclass

from worker.clock import Clock


class Braked(Exception):  # noqa: N818 - named for what happened
    """More records would be quarantined than the brake allows; nothing of the batch was committed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Quarantines within a window of seconds that are too many: this count, if also this share of its records."""

    count: int = 20
    ratio: float = 0.05
    seconds: float = 300


class Brake:
    """One partition's recent batches, and whether the next may be committed; it outlives the lanes that it stops."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._recent: deque[tuple[float, int, int]] = deque()

    def check(self, records: int, quarantined: int) -> None:
        """Raises Braked where a batch of so many records, so many of them to be quarantined, is too much."""
        oldest = self._clock.monotonic() - self._limits.seconds
        while self._recent and self._recent[0][0] < oldest:
            self._recent.popleft()
        bad = quarantined + sum(count for _, _, count in self._recent)
        total = records + sum(count for _, count, _ in self._recent)
        if quarantined and bad >= self._limits.count and bad >= self._limits.ratio * total:
            raise Braked(f"{bad} of {total} records of the last {self._limits.seconds:g} s would be quarantined")

    def count(self, records: int, quarantined: int) -> None:
        """Remember a batch that was committed."""
        self._recent.append((self._clock.monotonic(), records, quarantined))
