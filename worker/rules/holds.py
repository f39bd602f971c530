"""Holds: how long a milestone waits, when Stripe is asked about it, and when waiting ends; nothing is held for ever."""

from typing import Final

from worker.rules.draft import Draft
from worker.rules.evolve import evolve
from worker.rules.gates import Closed
from worker.rules.milestones import PREDECESSOR, Milestone
from worker.rules.policy import age
from worker.rules.state import Evidence, Hold, Offer

# Stripe is asked after the grace, then twice more, each time after twice the time before.
ATTEMPTS: Final = 3


def hold(draft: Draft, held: Hold | None, gate: Closed) -> Hold:
    """The hold of a milestone behind a gate: one that waits behind the same gate as before keeps its time."""
    if held is not None and held.gate == gate.gate and held.concerns == gate.concerns:
        return held if held.waiting_for == gate.waiting_for else evolve(held, waiting_for=gate.waiting_for)
    now = draft.cause.timestamp
    due = now + _grace(draft, gate.gate) if gate.concerns else None
    since = now if held is None else held.since
    return Hold(gate.gate, gate.waiting_for, gate.concerns, since, 0, due)


def _grace(draft: Draft, gate: str) -> int:
    return draft.timing.order if gate == "G1" else draft.timing.gate


def answer_holds(draft: Draft, subject: str, due: int) -> None:
    """Count an answer (or a failure to get one) about `subject`, asked for at `due`, for every hold it concerns."""
    # The oldest first: what a refill waits for may be given up with it. And the same order however they were loaded.
    for offer in sorted(draft.offers.values(), key=age):
        for milestone, held in offer.holds.items():
            if subject in held.concerns and held.due is not None and held.due <= due:
                _count(draft, offer.id, milestone, held)


def _count(draft: Draft, offer_id: str, milestone: Milestone, held: Hold) -> None:
    attempts = held.attempts + 1
    if attempts >= ATTEMPTS:
        _give_up(draft, offer_id, milestone, held)
        return
    due = draft.cause.timestamp + _grace(draft, held.gate) * 2**attempts
    offer = draft.offer(offer_id)
    draft.put(evolve(offer, holds={**offer.holds, milestone: evolve(held, attempts=attempts, due=due)}))


def imply(draft: Draft, offer: Offer, milestone: Milestone) -> Offer:
    """The offer with every predecessor known that the milestone's own snapshots prove."""
    proves = offer.known[milestone].proves
    implied: dict[Milestone, Evidence] = {}
    before = PREDECESSOR[milestone]
    while before is not None:
        if before in proves and before not in offer.known:
            implied[before] = Evidence("implied", None, draft.cause.id, frozenset())
        before = PREDECESSOR[before]
    return evolve(offer, known={**offer.known, **implied}) if implied else offer


def _give_up(draft: Draft, offer_id: str, milestone: Milestone, held: Hold) -> None:
    """Wait no longer: what the milestone's own snapshot proves is taken as known, the rest is a declared gap."""
    offer = draft.offer(offer_id)
    if held.gate == "G1":
        offer = imply(draft, offer, milestone)
    known = offer.known
    implied = {f"{offer_id}:{name}" for name in known}
    gap = tuple(name for name in held.waiting_for if name not in implied)
    gaps = {**offer.gaps, milestone: (*offer.gaps.get(milestone, ()), *gap)} if gap else offer.gaps
    draft.put(evolve(offer, gaps=gaps))
    # An implied payout can make an original of the offer.
    draft.links_doubtful = True
