"""Releases: what downstream is to be told, in the words of the rules; never how it is written down."""

from dataclasses import dataclass
from typing import Literal

from worker.rules.facts import Summary, Transaction
from worker.rules.milestones import Milestone
from worker.rules.state import Basis, Decided, Link, Offer, Withholding

Reason = Literal[
    "gap",
    "conflict",
    "ambiguous_link",
    "unresolved_link",
    "policy_changed",
    "discount_undetermined",
    "canceled_after_payout",
    "charged_off",
    "quarantined",
]


@dataclass(frozen=True, slots=True)
class MilestoneReleased:
    """One step of an offer's life. `offer` is the offer after the release; `occurred_at` is in seconds.

    `active` are the financings paid out and not ended after the release, the oldest payout first.
    """

    offer: Offer
    milestone: Milestone
    basis: Basis
    late: bool
    gap: tuple[str, ...]
    occurred_at: int | None
    policy: Decided
    active: tuple[str, ...]
    withholding: Withholding | None


@dataclass(frozen=True, slots=True)
class TransactionRecorded:
    """A transaction, told once."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class LineOfCreditUpdated:
    """A line of credit's terms as one event showed them."""

    event: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class RefillLinked:
    """Which financing a refill refills, found, confirmed or corrected; None where a told link was withdrawn."""

    refill: str
    link: Link | None
    revision: int


@dataclass(frozen=True, slots=True)
class DiscountSettled:
    """The discount of a refill is known, or it is known that there is none."""

    refill: Offer


@dataclass(frozen=True, slots=True)
class WithholdingChanged:
    """Stripe withholds from another financing, or at another rate."""

    withholding: Withholding | None
    previous: Withholding | None
    revision: int


@dataclass(frozen=True, slots=True)
class SummaryChanged:
    """The account's summary shows something new."""

    summary: Summary
    revision: int


@dataclass(frozen=True, slots=True)
class AttentionRaised:
    """Something a person should look at, told once for each reason and subject."""

    reason: Reason
    subject: str
    detail: str


Release = (
    MilestoneReleased
    | RefillLinked
    | DiscountSettled
    | WithholdingChanged
    | TransactionRecorded
    | SummaryChanged
    | LineOfCreditUpdated
    | AttentionRaised
)
