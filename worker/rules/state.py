"""State: what is known of one account in one mode; never how it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from worker.rules.facts import Rank, TransactionEvent, Value
from worker.rules.milestones import STRENGTH, Milestone, strongest

Basis = Literal["event", "api", "implied"]
Gate = Literal["G1", "G2", "G3", "G4"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The value of a field, and the rank of the highest snapshot that showed it."""

    value: Value
    rank: Rank


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a milestone is known: `created` is the event's (seconds), `proves` what its own snapshot showed besides."""

    basis: Basis
    created: int | None
    id: str
    proves: frozenset[Milestone]


@dataclass(frozen=True, slots=True)
class Hold:
    """A milestone that waits: behind which gate, for what (`OFFER:MILESTONE`), since and until when (ms)."""

    gate: Gate
    waiting_for: tuple[str, ...]
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One financing offer: merged fields, milestones known, released and held."""

    id: str
    fields: Mapping[str, Seen] = field(default_factory=dict)
    known: Mapping[Milestone, Evidence] = field(default_factory=dict)
    released: frozenset[Milestone] = frozenset()
    holds: Mapping[Milestone, Hold] = field(default_factory=dict)

    @property
    def status(self) -> Milestone | None:
        """The strongest milestone released; None before the first."""
        return strongest(self.released)

    @property
    def currency(self) -> str | None:
        """The currency of the accepted terms, else of the offered ones."""
        return self.text("accepted_terms.currency") or self.text("offered_terms.currency")

    def value(self, name: str) -> Value | None:
        """A field's value by its path, None where it is not known."""
        seen = self.fields.get(name)
        return None if seen is None else seen.value

    def text(self, name: str) -> str | None:
        """A text field's value, None where it is not known."""
        seen = self.fields.get(name)
        return None if seen is None else str(seen.value)

    def number(self, name: str) -> int | None:
        """A numeric field's value, None where it is not known."""
        seen = self.fields.get(name)
        return None if seen is None else int(seen.value)

    def pending(self) -> tuple[Milestone, ...]:
        """Milestones known and not yet released, weakest first."""
        return tuple(sorted(self.known.keys() - self.released, key=STRENGTH.__getitem__))


@dataclass(frozen=True, slots=True)
class AccountState:
    """Everything decided so far about one account in one mode.

    `transactions` and `updates` are working sets: those of the recorded transactions and line-of-credit event ids
    that the facts at hand name, as the shell loaded them. Everything else is whole.
    """

    account: str
    livemode: bool
    sequence: int = 0
    offers: Mapping[str, Offer] = field(default_factory=dict)
    transactions: Mapping[str, TransactionEvent] = field(default_factory=dict)
    updates: frozenset[str] = frozenset()
    attention: frozenset[tuple[str, str]] = frozenset()
    quarantined: bool = False

    @property
    def key(self) -> tuple[bool, str]:
        """(livemode, account): what state is kept per."""
        return (self.livemode, self.account)
