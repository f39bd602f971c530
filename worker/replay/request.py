"""The request: which records an operator wants replayed, in a text that a shadow keeps and compares."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_OFFSETS: Final = re.compile(r"\d+:\d+(,\d+:\d+)*")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, in ms since the epoch: records with an earlier Kafka timestamp lie before it."""

    milliseconds: int

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.milliseconds // 1000, UTC).replace(tzinfo=None)
        return f"{moment.isoformat()}.{self.milliseconds % 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Offsets:
    """An offset for each partition named."""

    by_partition: Mapping[int, int]

    def __str__(self) -> str:
        return ",".join(f"{partition}:{offset}" for partition, offset in sorted(self.by_partition.items()))


Mark = Moment | Offsets


@dataclass(frozen=True, slots=True)
class Request:
    """What to replay: from a mark (None: the beginning) up to another (None: where the live lanes stand).

    No accounts: everybody. `from_log`: what the topic no longer holds is read from the event log.
    """

    start: Mark | None = None
    until: Mark | None = None
    accounts: tuple[str, ...] = ()
    from_log: bool = False

    def __str__(self) -> str:
        match self.start:
            case None:
                start = "--from-beginning"
            case Moment():
                start = f"--from-timestamp {self.start}"
            case Offsets():
                start = f"--from-offset {self.start}"
        until = [] if self.until is None else [f"--until {self.until}"]
        accounts = [f"--account {account}" for account in sorted(self.accounts)]
        return " ".join([start, *until, *accounts, *(["--from-log"] if self.from_log else [])])


def moment(text: str) -> Moment:
    """A time as an operator writes it. Raises ValueError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time such as 2026-11-02T10:00:00Z") from None
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} lacks its zone: end it with Z, or with an offset such as +01:00")
    return Moment(round(parsed.timestamp() * 1000))


def offsets(text: str) -> Offsets:
    """Offsets as an operator writes them: `0:1500,3:20`. Raises ValueError."""
    if not _OFFSETS.fullmatch(text):
        raise ValueError(f"{text!r} is no list PARTITION:OFFSET,…")
    pairs = [pair.split(":") for pair in text.split(",")]
    by_partition = {int(partition): int(offset) for partition, offset in pairs}
    if len(by_partition) < len(pairs):
        raise ValueError(f"{text!r} names a partition twice")
    return Offsets(by_partition)


def mark(text: str) -> Mark:
    """A time or offsets, whichever it is. Raises ValueError."""
    return offsets(text) if _OFFSETS.fullmatch(text) else moment(text)
