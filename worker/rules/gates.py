"""Gates: what a milestone must wait for before downstream may hear of it."""

from dataclasses import dataclass

from worker.rules.draft import Draft
from worker.rules.links import paid_out_at
from worker.rules.milestones import CANCELED, FULLY_REPAID, PAID_OUT, PREDECESSOR, Milestone
from worker.rules.state import Gate, Offer

SURVEY = "survey"


@dataclass(frozen=True, slots=True)
class Closed:
    """A gate that is not satisfied: what would open it (`OFFER:MILESTONE`), and the offers to ask Stripe about."""

    gate: Gate
    waiting_for: tuple[str, ...]
    concerns: tuple[str, ...]


def closed(draft: Draft, offer: Offer, milestone: Milestone) -> Closed | None:
    """The first gate a milestone waits behind, or None when it may be released."""
    return _within_offer(offer, milestone) or _between_offers(draft, offer, milestone)


def _within_offer(offer: Offer, milestone: Milestone) -> Closed | None:
    """G1: created before accepted before paid_out before fully_repaid, and every closer after what it closes."""
    missing: list[str] = []
    unknown = False
    forgiven = offer.gaps.get(milestone, ())
    before = PREDECESSOR[milestone]
    while before is not None:
        if before not in offer.released and (name := f"{offer.id}:{before}") not in forgiven:
            missing.append(name)
            unknown = unknown or before not in offer.known
        before = PREDECESSOR[before]
    if not missing:
        return None
    # A predecessor that is known is held by a gate of its own, and asked about there.
    return Closed("G1", tuple(reversed(missing)), (offer.id,) if unknown else ())


def _between_offers(draft: Draft, offer: Offer, milestone: Milestone) -> Closed | None:
    if not offer.is_refill:
        return None
    policy = draft.state.policy.policy
    if milestone is PAID_OUT:
        # G4: no guess about a market or an original that a survey may still tell.
        undecided = policy == "unknown" or (policy == "paydown" and offer.link is None)
        if undecided and not offer.surveyed:
            return Closed("G4", (SURVEY,), ())
        # G2: in a pay-down market this payout is what closes the original; both may carry the same second.
        return _original_open(draft, offer, milestone, "G2") if policy == "paydown" else None
    if milestone is FULLY_REPAID and policy == "stacked":
        if offer.link is None and not offer.surveyed:
            return Closed("G4", (SURVEY,), ())
        # G3: repayment is first in, first out. Nothing but its own end ever closes the original.
        return _original_open(draft, offer, milestone, "G3")
    return None


def _original_open(draft: Draft, refill: Offer, milestone: Milestone, gate: Gate) -> Closed | None:
    if refill.link is None:
        return None
    original = draft.offer(refill.link.original)
    name = f"{original.id}:{FULLY_REPAID}"
    if has_ended(original) or name in refill.gaps.get(milestone, ()):
        return None
    return Closed(gate, (name,), (original.id,))


def has_ended(offer: Offer) -> bool:
    """Whether downstream knows a financing's end: repaid, canceled after its payout, or charged off."""
    if FULLY_REPAID in offer.released or offer.charged_off:
        return True
    return CANCELED in offer.released and paid_out_at(offer) is not None
