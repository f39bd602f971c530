"""Gates: what a milestone must wait for before downstream may hear of it."""

from dataclasses import dataclass

from worker.rules.draft import Draft
from worker.rules.milestones import PREDECESSOR, Milestone
from worker.rules.state import Gate, Hold, Offer


@dataclass(frozen=True, slots=True)
class Closed:
    """A gate that is not satisfied, and what would open it, as `OFFER:MILESTONE`."""

    gate: Gate
    waiting_for: tuple[str, ...]


def closed(offer: Offer, milestone: Milestone) -> Closed | None:
    """The first gate a milestone waits behind, or None when it may be released."""
    return within_offer(offer, milestone)


def within_offer(offer: Offer, milestone: Milestone) -> Closed | None:
    """G1: created before accepted before paid_out before fully_repaid, and every closer after what it closes."""
    missing = []
    before = PREDECESSOR[milestone]
    while before is not None:
        if before not in offer.released:
            missing.append(f"{offer.id}:{before}")
        before = PREDECESSOR[before]
    return Closed("G1", tuple(reversed(missing))) if missing else None


def hold(draft: Draft, held: Hold | None, gate: Closed) -> Hold:
    """The hold of a milestone behind a gate: one that waits for the same as before keeps its time."""
    if held is not None and (held.gate, held.waiting_for) == (gate.gate, gate.waiting_for):
        return held
    since = draft.cause.timestamp if held is None else held.since
    grace = draft.graces.order if gate.gate == "G1" else draft.graces.gate
    return Hold(gate.gate, gate.waiting_for, since, since + grace)
