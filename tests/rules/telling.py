"""What downstream hears of releases, as ids, and whether it may hear them now."""

from collections.abc import Iterable

from worker.rules.decide import Decision
from worker.rules.milestones import PREDECESSOR, Milestone
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
from worker.rules.state import AccountState


def name(release: Release) -> str:
    """The id of a release, as a notification has it."""
    match release:
        case MilestoneReleased(offer=offer, milestone=milestone):
            return f"{offer.id}:{milestone}"
        case RefillLinked(refill, _, revision):
            return f"{refill}:linked:{revision}"
        case DiscountSettled(refill):
            return f"{refill.id}:discount_settled"
        case WithholdingChanged(revision=revision):
            return f"withholding:{revision}"
        case TransactionRecorded(transaction):
            return f"{transaction.id}:recorded"
        case SummaryChanged(revision=revision):
            return f"summary:{revision}"
        case LineOfCreditUpdated(event):
            return f"{event}:line_of_credit"
        case AttentionRaised(reason, subject):
            return f"attention:{reason}:{subject}"


def names(releases: Iterable[Release]) -> list[str]:
    return [name(release) for release in releases]


def is_lasting(told: str) -> bool:
    """Whether the laws promise this id in every order: milestones, discounts, transactions and conflicts."""
    revised = ":linked:" in told or told.startswith(("withholding:", "summary:"))
    return not revised and (not told.startswith("attention:") or told.startswith("attention:conflict:"))


def silent(state: AccountState) -> frozenset[str]:
    """Milestones that were released without a word; what is told may rest on them."""
    return frozenset(f"{offer.id}:{step}" for offer in state.offers.values() for step in offer.quiet & offer.released)


def illegal(decision: Decision, before: frozenset[str]) -> list[str]:
    """Releases that came before something they rest on: G1, and G2 and G3 where the link was known and no gap named."""
    told = set(before)
    wrong = []
    for release in decision.releases:
        if isinstance(release, MilestoneReleased):
            needs = _needs(decision, release)
            wrong += [
                f"{name(release)} before {need}" for need in needs if need not in told and need not in release.gap
            ]
        told.add(name(release))
    return wrong


def _needs(decision: Decision, release: MilestoneReleased) -> list[str]:
    offer, milestone = release.offer, release.milestone
    needs = []
    predecessor = PREDECESSOR[milestone]
    while predecessor is not None:
        needs.append(f"{offer.id}:{predecessor}")
        predecessor = PREDECESSOR[predecessor]
    policy = decision.state.policy.policy
    waits = (policy, milestone) in {("paydown", Milestone.PAID_OUT), ("stacked", Milestone.FULLY_REPAID)}
    if waits and offer.link is not None:
        original = decision.state.offers[offer.link.original]
        if not original.charged_off and Milestone.CANCELED not in original.released:
            needs.append(f"{original.id}:{Milestone.FULLY_REPAID}")
    return needs
