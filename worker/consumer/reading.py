"""Reading: a batch of records as what each is and says, and what must be loaded to decide them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from worker.consumer.commands import TYPES, Rebuild, Redrive, read_command
from worker.consumer.decode import (
    Attributed,
    Invalid,
    Unattributable,
    Understood,
    attribute,
    interpret,
    is_ours,
    read_offer_event,
    reason_of,
)
from worker.ports import AccountKey, Record, Wanted
from worker.rules.facts import LineOfCreditEvent, TransactionEvent

CAPITAL = "capital."


@dataclass(frozen=True, slots=True)
class Foreign:
    """A record of a Stripe type that is not Capital's; the ingress drops these, so somebody else wrote it."""

    record: Record


class _OfAnAccount:
    """What is read of a record that names its account."""

    __slots__ = ()
    attributed: Attributed

    @property
    def record(self) -> Record:
        """The record."""
        return self.attributed.record


@dataclass(frozen=True, slots=True)
class Telling(_OfAnAccount):
    """An attributed record and what it says."""

    attributed: Attributed
    understood: Understood


@dataclass(frozen=True, slots=True)
class Untelling(_OfAnAccount):
    """An attributed record that cannot be applied."""

    attributed: Attributed
    invalid: Invalid


@dataclass(frozen=True, slots=True)
class Commanding(_OfAnAccount):
    """A command to redrive what is parked of an account."""

    attributed: Attributed
    command: Redrive


@dataclass(frozen=True, slots=True)
class Rebuilding(_OfAnAccount):
    """A command to decide an account anew."""

    attributed: Attributed
    rebuild: Rebuild


Reading = Telling | Untelling | Commanding | Rebuilding | Unattributable | Foreign
Outcome = Literal[
    "applied",
    "foreign",
    "unattributable",
    "misrouted",
    "quarantined",
    "parked",
    "commanded",
    "rebuilt",
    "refused",
    "left_out",
]


def read(record: Record) -> Reading:
    """What one record is, by its bytes alone."""
    whole = read_offer_event(record)
    return Telling(*whole) if whole else _read_carefully(record)


def _read_carefully(record: Record) -> Reading:
    attributed = attribute(record)
    if isinstance(attributed, Unattributable):
        return attributed
    if not attributed.type.startswith(CAPITAL):
        return Foreign(record)
    if attributed.type in TYPES and is_ours(attributed):
        return _command(attributed)
    understood = interpret(attributed)
    if isinstance(understood, Invalid):
        return Untelling(attributed, understood)
    return Telling(attributed, understood)


def _command(attributed: Attributed) -> Commanding | Rebuilding | Unattributable:
    """A command that cannot be read parks nobody: it says nothing about the account."""
    try:
        command = read_command(attributed.record.value or b"", attributed.type)
    except ValidationError as error:
        return Unattributable(attributed.record, reason_of(error))
    return Rebuilding(attributed, command) if isinstance(command, Rebuild) else Commanding(attributed, command)


def owner_of(reading: Reading) -> AccountKey | None:
    """Whose a record is, None where it is no account's."""
    return None if isinstance(reading, Unattributable | Foreign) else reading.attributed.key


def commanded(readings: Sequence[Reading]) -> frozenset[AccountKey]:
    """The accounts whose parked records commands are about."""
    return frozenset(reading.attributed.key for reading in readings if isinstance(reading, Commanding))


def wanted(readings: Sequence[Reading]) -> Wanted:
    """What deciding these readings needs."""
    accounts: set[AccountKey] = set()
    transactions: set[tuple[AccountKey, str]] = set()
    updates: set[tuple[AccountKey, int, str]] = set()
    for reading in readings:
        match reading:
            case Telling(attributed, understood):
                accounts.add(attributed.key)
                match understood.fact:
                    case TransactionEvent(transaction=transaction):
                        transactions.add((attributed.key, transaction.id))
                    case LineOfCreditEvent(id=event_id):
                        updates.add((attributed.key, understood.created, event_id))
                    case _:
                        pass
            case Untelling(attributed) | Commanding(attributed) | Rebuilding(attributed):
                accounts.add(attributed.key)
            case _:
                pass
    return Wanted(frozenset(accounts), frozenset(transactions), frozenset(updates))
