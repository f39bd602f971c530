"""Milestones: the nine steps of an offer's life, what precedes each, and which is stronger; never a timestamp."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
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


# Weakest first. An offer's status is the strongest milestone released, so it never goes back; the same order
# ranks snapshots, because what Stripe showed at a later step of the life replaces what it showed at an earlier one.
WEAKEST_FIRST: Final = (
    Milestone.CREATED,
    Milestone.EXPIRED,
    Milestone.ACCEPTED,
    Milestone.ACCEPTED_OTHER_OFFER,
    Milestone.REPLACED,
    Milestone.REJECTED,
    Milestone.PAID_OUT,
    Milestone.FULLY_REPAID,
    Milestone.CANCELED,
)
STRENGTH: Final[Mapping[Milestone, int]] = {milestone: strength for strength, milestone in enumerate(WEAKEST_FIRST)}

# Gate G1, within an offer: nobody may hear of a step before the step it rests on.
PREDECESSOR: Final[Mapping[Milestone, Milestone | None]] = {
    Milestone.CREATED: None,
    Milestone.ACCEPTED: Milestone.CREATED,
    Milestone.PAID_OUT: Milestone.ACCEPTED,
    Milestone.FULLY_REPAID: Milestone.PAID_OUT,
    Milestone.CANCELED: Milestone.ACCEPTED,
    Milestone.REJECTED: Milestone.ACCEPTED,
    Milestone.EXPIRED: Milestone.CREATED,
    Milestone.REPLACED: Milestone.CREATED,
    Milestone.ACCEPTED_OTHER_OFFER: Milestone.CREATED,
}


def strongest(milestones: Iterable[Milestone]) -> Milestone | None:
    """The milestone that gives the status, or None where there is none."""
    return max(milestones, key=STRENGTH.__getitem__, default=None)


def is_late(milestone: Milestone, released: Iterable[Milestone]) -> bool:
    """Whether a stronger milestone was already released, so that the status stays as it is."""
    return any(STRENGTH[milestone] < STRENGTH[other] for other in released)
