"""Commands: what an operator asks of an account's lane, as records on the same topic as everything else."""

from dataclasses import dataclass
from typing import Final

from schemas.records import CommandRecord

REDRIVE: Final = "capital.command.redrive"
DISCARD: Final = "capital.command.discard"
TYPES: Final = frozenset({REDRIVE, DISCARD})


@dataclass(frozen=True, slots=True)
class Command:
    """Apply what is parked, in order; first drop the record at offset `discarded`, if it is the one that blocks."""

    discarded: int | None
    created: int


def read_command(value: bytes, command_type: str) -> Command:
    """A command from its record; raises what pydantic raises."""
    record = CommandRecord.model_validate_json(value)
    return Command(record.data.object.record_offset if command_type == DISCARD else None, record.created)
