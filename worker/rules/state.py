"""State: what is known of one account in one mode; never how it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal, NamedTuple

from worker.rules.facts import LookupKind, Rank, Summary, TransactionEvent, Value
from worker.rules.milestones import STRENGTH, Milestone, strongest
from worker.rules.policies import Policy

Basis = Literal["event", "api", "implied"]
Gate = Literal["G1", "G2", "G3", "G4"]
Method = Literal["only_candidate", "latest_candidate", "transaction", "inherited"]
Confidence = Literal["inferred", "confirmed", "ambiguous"]

# Where Stripe shows when a milestone happened.
HAPPENED_AT: Final[Mapping[Milestone, str]] = {
    milestone: f"status_transitions.{milestone}_at" for milestone in Milestone
}


class Seen(NamedTuple):
    """The value of a field, and the rank of the highest snapshot that showed it.

    A tuple, for a dozen are made of every event: a frozen dataclass costs three times as much to make.
    """

    value: Value
    rank: Rank


# The constructor of a named tuple is a Python function; this is what it calls, at half the cost.
seen_as: Final = partial(tuple.__new__, Seen)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a milestone is known: `created` is the event's (seconds), `proves` what its own snapshot showed besides."""

    basis: Basis
    created: int | None
    id: str
    proves: frozenset[Milestone]


@dataclass(frozen=True, slots=True)
class Hold:
    """A milestone that waits, times in ms.

    `waiting_for` names `OFFER:MILESTONE` (or `survey`); Stripe is asked about `concerns` at `due`, for the
    `attempts`-th time after the first. No `due`: what it waits for is asked about elsewhere.
    """

    gate: Gate
    waiting_for: tuple[str, ...]
    concerns: tuple[str, ...]
    since: int
    attempts: int
    due: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """Which financing a refill refills, how that was found, and how sure it is."""

    original: str
    method: Method
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Offer:
    """One financing offer: merged fields, milestones known, released and held, and what a refill has besides.

    `surveyed`: a survey that was asked for a refill has ended; `confirmed`: it was answered.
    `gaps` are names a pending milestone no longer waits for; `quiet` are milestones that are released without a word.
    `link_told` is the link downstream knows, of revision `link_revision`. Asking for the discount began at
    `discount_since` and goes on at `discount_due` (ms), after `discount_asked` answers; begun without going on, it was
    given up.
    """

    id: str
    fields: Mapping[str, Seen] = field(default_factory=dict)
    known: Mapping[Milestone, Evidence] = field(default_factory=dict)
    released: frozenset[Milestone] = frozenset()
    holds: Mapping[Milestone, Hold] = field(default_factory=dict)
    gaps: Mapping[Milestone, tuple[str, ...]] = field(default_factory=dict)
    announced: bool = False
    surveyed: bool = False
    confirmed: bool = False
    link: Link | None = None
    link_told: Link | None = None
    link_revision: int = 0
    discount_told: bool = False
    discount_since: int | None = None
    discount_asked: int = 0
    discount_due: int | None = None
    quiet: frozenset[Milestone] = frozenset()

    @property
    def status(self) -> Milestone | None:
        """The strongest milestone released; None before the first."""
        return strongest(self.released)

    @property
    def is_refill(self) -> bool:
        """Whether the offer refills another; False while that is not known."""
        seen = self.fields.get("product_type")
        return seen is not None and seen.value == "refill"

    @property
    def currency(self) -> str | None:
        """The currency of the accepted terms, else of the offered ones."""
        return self.text("accepted_terms.currency") or self.text("offered_terms.currency")

    @property
    def withhold_rate(self) -> str | None:
        """The rate of the accepted terms, else of the offered ones."""
        return self.text("accepted_terms.withhold_rate") or self.text("offered_terms.withhold_rate")

    @property
    def charged_off(self) -> bool:
        """Whether Stripe gave the financing up; no event tells it."""
        return "charged_off_at" in self.fields

    def values(self) -> Mapping[str, Value]:
        """All known fields' values by their paths: for who wants many of them, at a fraction of a call for each."""
        return {name: seen.value for name, seen in self.fields.items()}

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

    def effective(self, milestone: Milestone) -> int | None:
        """When a known milestone happened, in seconds: by its status transition, else by its event."""
        at = self.number(HAPPENED_AT[milestone])
        if at is not None:
            return at
        evidence = self.known.get(milestone)
        return None if evidence is None else evidence.created

    def pending(self) -> list[Milestone]:
        """Milestones known and not yet released, weakest first."""
        return sorted(
            [milestone for milestone in self.known if milestone not in self.released], key=STRENGTH.__getitem__
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """A policy and the source it was decided from; no source, no decision."""

    policy: Policy
    source: str | None


@dataclass(frozen=True, slots=True)
class Withholding:
    """From which financing's repayment Stripe withholds, at which rate (a decimal string)."""

    offer: str
    rate: str | None


@dataclass(frozen=True, slots=True)
class AccountState:
    """Everything decided so far about one account in one mode.

    `transactions` and `updates` are working sets: those of the recorded transactions and line-of-credit event ids
    that the facts at hand name, as the shell loaded them. Everything else is whole. Times are ms.
    """

    account: str
    livemode: bool
    sequence: int = 0
    offers: Mapping[str, Offer] = field(default_factory=dict)
    transactions: Mapping[str, TransactionEvent] = field(default_factory=dict)
    updates: frozenset[str] = frozenset()
    attention: frozenset[tuple[str, str]] = frozenset()
    quarantined: bool = False
    country: str | None = None
    policy: Decided = Decided("unknown", None)
    # The ids of the account's refills.
    refills: tuple[str, ...] = ()
    # Offers that a transaction with reason `refill` named.
    refilled: frozenset[str] = frozenset()
    survey_due: int | None = None
    survey_chunks: tuple[str, int] = ("", 0)
    summary_due: int | None = None
    summary: Summary | None = None
    summary_revision: int = 0
    # Offers released as paid out that have not ended, by id: with these, nobody looks through all offers for them.
    outstanding: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    withholding: Withholding | None = None
    withholding_revision: int = 0
    # Kinds of open questions about the account whose answers are for quiet records alone.
    quietly_asked: frozenset[LookupKind] = frozenset()
    # Identities that downstream was told of too early, by rules that were wrong: when they come to pass, they are
    # not told again.
    foretold: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[bool, str]:
        """(livemode, account): what state is kept per."""
        return (self.livemode, self.account)
