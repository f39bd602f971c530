"""The plan of a replay: which offsets of which partitions, for whom; made once, and the same after every restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class Refused(Exception):  # noqa: N818 - named for what happened
    """The replay cannot give what was asked of it; the message says why, and what would."""


@dataclass(frozen=True, slots=True)
class Extent:
    """One partition: the topic's oldest offset, and the next that the live lane takes.

    `first` is the lowest offset ever taken: below 0 where another topic was there before this one.
    """

    partition: int
    beginning: int
    taken: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of one partition, from `start` up to but not with `end`.

    Those before `topic_from` the topic no longer holds: they are read from the event log. `seeded`: there are earlier
    ones, from which accounts have to be brought to where the span starts.
    """

    partition: int
    start: int
    end: int
    topic_from: int
    seeded: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay: spans by partition, for these accounts alone or (none named) for everybody, as it was asked."""

    request: str
    spans: tuple[Span, ...]
    accounts: frozenset[str]

    @property
    def records(self) -> int:
        """How many offsets there are to go through."""
        return sum(span.end - span.start for span in self.spans)


def drawn(
    extents: Sequence[Extent],
    starts: Mapping[int, int] | None,
    ends: Mapping[int, int] | None,
    *,
    from_log: bool,
) -> tuple[Span, ...]:
    """The spans from `starts` (None: from the beginning) to `ends` (None, or not named: where the live lanes stand).

    Raises Refused where an offset was never reached, where the topic no longer holds a record and the event log is not
    asked for it, and where a span would end before it starts.
    """
    _known(extents, {*(starts or {}), *(ends or {})})
    named = [extent for extent in extents if starts is None or extent.partition in starts]
    spans = [
        Span(
            extent.partition,
            start := extent.first if starts is None else starts[extent.partition],
            end := (ends or {}).get(extent.partition, extent.taken),
            min(max(start, extent.beginning), end),
            start > extent.first,
        )
        for extent in named
    ]
    for extent, span in zip(named, spans, strict=True):
        _check(extent, span)
    expired = [span for span in spans if span.start < span.topic_from]
    if expired and not from_log:
        raise Refused(f"{_expired(extents, expired)}: --from-log reads such records from the event log")
    return tuple(span for span in spans if span.start < span.end)


def _known(extents: Sequence[Extent], named: set[int]) -> None:
    unknown = named - {extent.partition for extent in extents}
    if unknown:
        raise Refused(f"there is no partition {min(unknown)} to replay: there are {_listed(extents)}")


def _listed(extents: Sequence[Extent]) -> str:
    return ", ".join(str(extent.partition) for extent in extents) or "none"


def _check(extent: Extent, span: Span) -> None:
    reached = max(span.start, span.end)
    if reached > extent.taken:
        raise Refused(
            f"partition {span.partition}: offset {reached} is out of range: the live lane stands at {extent.taken}"
        )
    if span.end < span.start:
        raise Refused(f"partition {span.partition}: the range ends at {span.end}, before its start at {span.start}")


def _expired(extents: Sequence[Extent], spans: Sequence[Span]) -> str:
    begins = {extent.partition: extent.beginning for extent in extents}
    gone = ", ".join(f"partition {span.partition} begins at {begins[span.partition]}" for span in spans)
    return f"the topic no longer holds all of these records ({gone})"
