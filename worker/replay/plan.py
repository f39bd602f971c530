"""The plan of a replay: which offsets of which partitions, for whom; made once, and the same after every restart."""

from collections.abc import Mapping
from dataclasses import dataclass


class Refused(Exception):  # noqa: N818 - named for what happened
    """The replay cannot give what was asked of it; the message says why, and what would."""


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of one partition, from `start` up to but not with `end`."""

    partition: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to replay: spans by partition, and one account alone or everybody."""

    spans: tuple[Span, ...]
    account: str | None

    @property
    def records(self) -> int:
        """How many offsets there are to go through."""
        return sum(span.end - span.start for span in self.spans)


def whole(beginnings: Mapping[int, int], cursors: Mapping[int, int], account: str | None) -> Plan:
    """Everything the live lanes have taken, from the topic's first record on.

    `beginnings` are the topic's oldest offsets, `cursors` the live lanes' next. Raises Refused where the topic no
    longer holds what the lanes once took: a state made of what is left would be another one.
    """
    gone = {partition: offset for partition, offset in beginnings.items() if offset > 0 and cursors.get(partition)}
    if gone:
        missing = ", ".join(f"partition {partition} begins at {offset}" for partition, offset in sorted(gone.items()))
        raise Refused(f"the topic no longer holds its first records: {missing}")
    return Plan(tuple(Span(partition, 0, end) for partition, end in sorted(cursors.items()) if end), account)
