"""Redriving: what of an account's parked records can be applied now, read again by the code that runs now."""

from collections.abc import Sequence

from worker.consumer.reading import Telling, Untelling, read
from worker.ports import ParkedRecord


def remaining(parked: Sequence[ParkedRecord], discarded: int | None) -> Sequence[ParkedRecord]:
    """What is left of parked records after the first was discarded; only the one that blocks can be."""
    if parked and parked[0].record.offset == discarded:
        return parked[1:]
    return parked


def blocked_by(parked: ParkedRecord) -> Telling | str:
    """What a parked record says, or why it still cannot be applied."""
    match read(parked.record):
        case Telling() as telling:
            return telling
        case Untelling(_, invalid):
            return invalid.reason
        case _:
            return "the record no longer names its account"
