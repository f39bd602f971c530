"""A rehearsal: what redriving an account would do, decided as its lane would, and changing nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from worker.consumer.commands import Redrive
from worker.consumer.decode import Attributed
from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.reading import Commanding
from worker.ports import Batch, ParkedRecord, Position, Record
from worker.rules.state import AccountState

# Beyond every number that an outbox has given: the database is asked, too, and must not take them for given twice.
NUMBER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How many parked records would be applied, what would be told, and what would still block, if anything."""

    applied: int
    told: Sequence[str]
    blocked_at: int | None
    reason: str | None

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """What a rehearsed batch would do."""
        blocking = batch.parked[0] if batch.parked else None
        return cls(
            applied=len(batch.events) - 1,
            told=[entry.id for entry in batch.entries],
            blocked_at=None if blocking is None else blocking.record.offset,
            reason=None if blocking is None else blocking.reason,
        )


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An account that waits: its state, and what is parked of it, in order."""

    state: AccountState
    parked: Sequence[ParkedRecord]


def rehearse(
    account: Quarantined, discarded: int | None, refused: Mapping[int, str], circumstances: Circumstances
) -> Batch:
    """Redrive (or discard the record at an offset, then redrive) without a topic or a database.

    `refused` are the offsets of records that the database is known not to take, and why.
    """
    state, parked = account.state, account.parked
    partition = circumstances.home(state.account)
    after = parked[-1].record.offset + 1 if parked else 0
    record = Record(partition, after, 0, None, b"", ())
    command = Commanding(Attributed(record, state.key, "rehearsal", "capital.command.redrive"), Redrive(discarded, 0))
    known = Known({state.key: state}, {state.key: parked}, refused)
    deliberation = Deliberation(Position(partition, 1, after, NUMBER), known, circumstances)
    deliberation.take(command)
    return deliberation.batch(record)
