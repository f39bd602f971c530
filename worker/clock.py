"""Time, given from outside, so that tests decide what time it is; rules never see a clock."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a stage reads the time from."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines and ages."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
