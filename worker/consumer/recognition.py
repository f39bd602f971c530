"""Recognition: whether a topic is the one a cursor was moved on; offsets cannot tell, for a new topic has them, too."""

from hashlib import blake2b

from worker.ports import Misplaced, Position, Record, Source, Taken

DIGEST_BYTES = 16


def taken(record: Record) -> Taken:
    """What a cursor keeps of the last record taken: its offset, and what tells it from any other."""
    told_apart_by = (record.timestamp, record.key, record.value, record.headers)
    return Taken(record.offset, blake2b(repr(told_apart_by).encode(), digest_size=DIGEST_BYTES).digest())


async def recognise(source: Source, position: Position) -> None:
    """Raises Misplaced where another record lies at the offset of the last one taken.

    Where that was removed in the meantime, as retention does, nothing can be compared: a topic that was made anew
    begins at 0, and still has something at that offset.
    """
    last = position.last
    if last is None or last.offset < await source.beginning():
        return
    record = await source.at(last.offset)
    if record is None or taken(record) != last:
        raise Misplaced(
            f"partition {position.partition}: the record at offset {last.offset} is not the one that was taken there: "
            "the events topic was made anew or cut off, or the database belongs to another; see docs/positions.md"
        )
