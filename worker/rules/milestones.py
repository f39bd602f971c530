"""Milestones: the nine steps of an offer's life, what each rests on, yields to and contradicts; never a timestamp."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import Final


class Milestone(StrEnum):
    """A step of an offer's life, named as Stripe's event types name it."""

    CREATED = "created"
    ACCEPTED = "accepted"
    PAID_OUT = "paid_out"
    FULLY_REPAID = "fully_repaid"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REPLACED = "replaced"
    ACCEPTED_OTHER_OFFER = "accepted_other_offer"


# By names of their own: a decision compares milestones dozens of times, and reading one from its class costs more than
# comparing it.
CREATED: Final = Milestone.CREATED
ACCEPTED: Final = Milestone.ACCEPTED
PAID_OUT: Final = Milestone.PAID_OUT
FULLY_REPAID: Final = Milestone.FULLY_REPAID
CANCELED: Final = Milestone.CANCELED
REJECTED: Final = Milestone.REJECTED
EXPIRED: Final = Milestone.EXPIRED
REPLACED: Final = Milestone.REPLACED
ACCEPTED_OTHER_OFFER: Final = Milestone.ACCEPTED_OTHER_OFFER

# Weakest first. An offer's status is the strongest milestone released, so it never goes back; the same order
# ranks snapshots, because what Stripe showed at a later step of the life replaces what it showed at an earlier one.
WEAKEST_FIRST: Final = (
    CREATED,
    EXPIRED,
    ACCEPTED,
    ACCEPTED_OTHER_OFFER,
    REPLACED,
    REJECTED,
    PAID_OUT,
    FULLY_REPAID,
    CANCELED,
)
STRENGTH: Final[Mapping[Milestone, int]] = {milestone: strength for strength, milestone in enumerate(WEAKEST_FIRST)}

# Gate G1, within an offer: nobody may hear of a step before the step it rests on.
PREDECESSOR: Final[Mapping[Milestone, Milestone | None]] = {
    CREATED: None,
    ACCEPTED: CREATED,
    PAID_OUT: ACCEPTED,
    FULLY_REPAID: PAID_OUT,
    CANCELED: ACCEPTED,
    REJECTED: ACCEPTED,
    EXPIRED: CREATED,
    REPLACED: CREATED,
    ACCEPTED_OTHER_OFFER: CREATED,
}

STRONGER: Final[Mapping[Milestone, frozenset[Milestone]]] = {
    milestone: frozenset(WEAKEST_FIRST[strength + 1 :]) for milestone, strength in STRENGTH.items()
}

CLOSERS: Final = frozenset({CANCELED, REJECTED, EXPIRED, REPLACED, ACCEPTED_OTHER_OFFER})
# A counter-offer rejects the application and replaces the offer at once.
COUNTER_OFFER: Final = frozenset({REJECTED, REPLACED})
CONTRADICTIONS: Final = frozenset(
    {frozenset(pair) for pair in combinations(CLOSERS, 2)}
    | {frozenset({PAID_OUT, closer}) for closer in (REJECTED, EXPIRED)}
) - {COUNTER_OFFER}
# The weakest first, so that of two contradictions every process names the same: the order of a set is its own.
CONTRADICTED_BY: Final[Mapping[Milestone, tuple[Milestone, ...]]] = {
    milestone: tuple(other for other in WEAKEST_FIRST if frozenset({milestone, other}) in CONTRADICTIONS)
    for milestone in Milestone
}


@cache
def strongest(milestones: frozenset[Milestone]) -> Milestone | None:
    """The milestone that gives the status, or None where there is none."""
    return max(milestones, key=STRENGTH.__getitem__, default=None)


@cache
def joined(milestones: frozenset[Milestone], another: Milestone) -> frozenset[Milestone]:
    """These and one more; for the same ones the same set, for every offer in memory keeps one and there are few."""
    return milestones | {another}


def is_late(milestone: Milestone, released: Iterable[Milestone]) -> bool:
    """Whether a stronger milestone was already released, so that the status stays as it is."""
    return not STRONGER[milestone].isdisjoint(released)
