"""Times: moments and durations as text for people; always UTC, and never the machine's own time zone."""

from datetime import UTC, datetime
from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def at_second(second: int) -> datetime:
    """A moment from whole seconds since the epoch."""
    return datetime.fromtimestamp(second, UTC)


def day(moment: datetime) -> str:
    """The date."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def clock(moment: datetime) -> str:
    """The time of the day to the second."""
    return moment.astimezone(UTC).strftime("%H:%M:%S")


def full(moment: datetime | None) -> str:
    """Date and time, or a dash where it is not known."""
    return "-" if moment is None else f"{day(moment)} {clock(moment)}"


def lasting(seconds: float) -> str:
    """A duration in its largest unit: `40 ms`, `12 s`, `4 min`, `3 h`, `5 d`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds * 1000:.0f} ms"
