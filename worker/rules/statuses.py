"""Statuses: what an offer's status proves of its life; an open set, so an unknown word proves little."""

from collections.abc import Mapping
from typing import Final

from worker.rules.milestones import Milestone

_CREATED: Final = frozenset({Milestone.CREATED})
_ACCEPTED: Final = _CREATED | {Milestone.ACCEPTED}
_PAID_OUT: Final = _ACCEPTED | {Milestone.PAID_OUT}
_FULLY_REPAID: Final = _PAID_OUT | {Milestone.FULLY_REPAID}

MILESTONES: Final = frozenset(milestone.value for milestone in Milestone)

PROVEN: Final[Mapping[str, frozenset[Milestone]]] = {
    "undelivered": _CREATED,
    "delivered": _CREATED,
    "accepted": _ACCEPTED,
    "paid_out": _PAID_OUT,
    "fully_repaid": _FULLY_REPAID,
    "completed": _FULLY_REPAID,  # the old word
    "expired": _CREATED | {Milestone.EXPIRED},
    # An application is withdrawn or refused only after it was made, but an old snapshot may not show it.
    "canceled": _CREATED | {Milestone.CANCELED},
    "rejected": _CREATED | {Milestone.REJECTED},
    "accepted_other_offer": _CREATED | {Milestone.ACCEPTED_OTHER_OFFER},
    "replaced": _CREATED | {Milestone.REPLACED},
}


_NAMED: Final[Mapping[str, Milestone]] = {"completed": Milestone.FULLY_REPAID}


def milestone_of(status: str | None) -> Milestone:
    """The milestone that a status names, by which an answer's snapshot is ranked; of an unknown word, created."""
    if status in MILESTONES:
        return Milestone(status)
    return _NAMED.get(status or "", Milestone.CREATED)


def proven_by(status: str | None, *, accepted: bool) -> frozenset[Milestone]:
    """The milestones a snapshot proves; `accepted` says whether it shows accepted terms or a time of acceptance.

    An offer that is shown at all was created, whatever its status says.
    """
    proven = PROVEN.get(status or "", _CREATED)
    return proven | {Milestone.ACCEPTED} if accepted else proven
