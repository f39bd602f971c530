"""Reading: a batch of records as what each is and says, and what must be loaded to decide them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from worker.consumer.decode import Attributed, Invalid, Unattributable, Understood, attribute, interpret
from worker.ports import AccountKey, Record, Wanted
from worker.rules.facts import LineOfCreditEvent, TransactionEvent

CAPITAL = "capital."


@dataclass(frozen=True, slots=True)
class Foreign:
    """A record of a Stripe type that is not Capital's; the ingress drops these, so somebody else wrote it."""

    record: Record


@dataclass(frozen=True, slots=True)
class Telling:
    """An attributed record and what it says."""

    attributed: Attributed
    understood: Understood


@dataclass(frozen=True, slots=True)
class Untelling:
    """An attributed record that cannot be applied."""

    attributed: Attributed
    invalid: Invalid


Reading = Telling | Untelling | Unattributable | Foreign
Outcome = Literal["applied", "foreign", "unattributable", "misrouted", "quarantined", "parked"]


def read(record: Record) -> Reading:
    """What one record is, by its bytes alone."""
    attributed = attribute(record)
    if isinstance(attributed, Unattributable):
        return attributed
    if not attributed.type.startswith(CAPITAL):
        return Foreign(record)
    understood = interpret(attributed)
    if isinstance(understood, Invalid):
        return Untelling(attributed, understood)
    return Telling(attributed, understood)


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
            case Untelling(attributed):
                accounts.add(attributed.key)
            case _:
                pass
    return Wanted(frozenset(accounts), frozenset(transactions), frozenset(updates))
