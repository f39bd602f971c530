"""Identities: the name of each release within its mode, fixed by what happened and never by when it is told."""

from typing import assert_never

from worker.rules.releases import (
    AttentionRaised,
    DiscountSettled,
    LineOfCreditUpdated,
    MilestoneReleased,
    RefillLinked,
    Release,
    SummaryChanged,
    TransactionRecorded,
    WithholdingChanged,
)


def identity_of(account: str, release: Release) -> str:
    """A release's name, unique within its mode; what may be revised bears its revision."""
    match release:
        case MilestoneReleased(offer=offer, milestone=milestone):
            return f"{offer.id}:{milestone}"
        case TransactionRecorded(transaction):
            return f"{transaction.id}:recorded"
        case LineOfCreditUpdated(event):
            return f"{event}:line_of_credit"
        case DiscountSettled(refill):
            return f"{refill.id}:discount_settled"
        case AttentionRaised(reason, subject):
            return f"{account}:attention:{reason}:{subject}"
        case RefillLinked(refill=refill_id, revision=revision):
            return f"{refill_id}:linked:{revision}"
        case WithholdingChanged(revision=revision):
            return f"{account}:withholding:{revision}"
        case SummaryChanged(revision=revision):
            return f"{account}:summary:{revision}"
        case _:
            assert_never(release)
