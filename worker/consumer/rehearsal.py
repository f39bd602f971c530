"""A rehearsal: what redriving an account would do, decided as its lane would, and changing nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.consumer.commands import Command
from worker.consumer.decode import Attributed
from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.reading import Commanding
from worker.ports import ParkedRecord, Position, Record
from worker.rules.state import AccountState


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How many parked records would be applied, what would be told, and what would still block, if anything."""

    applied: int
    told: Sequence[str]
    blocked_at: int | None
    reason: str | None


def rehearse(
    state: AccountState, parked: Sequence[ParkedRecord], discarded: int | None, circumstances: Circumstances
) -> Rehearsal:
    """Redrive (or discard the record at an offset, then redrive) without a topic or a database."""
    partition = circumstances.home(state.account)
    after = parked[-1].record.offset + 1 if parked else 0
    record = Record(partition, after, 0, None, b"", ())
    command = Commanding(Attributed(record, state.key, "rehearsal", "capital.command.redrive"), Command(discarded, 0))
    known = Known({state.key: state}, {state.key: parked})
    deliberation = Deliberation(Position(partition, 1, after, 1), known, circumstances)
    deliberation.take(command)
    batch = deliberation.batch(record)
    blocking = batch.parked[0] if batch.parked else None
    return Rehearsal(
        applied=len(batch.events) - 1,
        told=[entry.id for entry in batch.entries],
        blocked_at=None if blocking is None else blocking.record.offset,
        reason=None if blocking is None else blocking.reason,
    )
