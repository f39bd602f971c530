"""Offers: learning what an event says of an offer, and releasing every milestone whose gates are open."""

from collections.abc import Mapping

from worker.rules.draft import Draft
from worker.rules.facts import OfferEvent
from worker.rules.gates import closed, hold
from worker.rules.merge import merge_evidence, merge_fields, rank_of
from worker.rules.milestones import Milestone, is_late
from worker.rules.releases import MilestoneReleased
from worker.rules.state import Evidence, Hold, Offer, Seen


def learn(draft: Draft, event: OfferEvent) -> None:
    """Merge an offer event: its snapshot, the milestone its type names, and the offer it replaces."""
    snapshot = event.snapshot
    evidence = Evidence("event", snapshot.created, snapshot.id, event.proves)
    offer = draft.offer(snapshot.offer)
    fields, conflicts = merge_fields(offer.fields, snapshot, rank_of(snapshot, event.milestone))
    _know(draft, offer, event.milestone, evidence, fields)
    replaced = snapshot.fields.get("replacement_for")
    if event.replaces and replaced is not None:
        # The offer that is replaced gets no event of its own; this is the only word of it.
        old = draft.offer(str(replaced))
        _know(draft, old, Milestone.REPLACED, Evidence("event", snapshot.created, snapshot.id, frozenset()), old.fields)
    settle(draft)
    for name in conflicts:
        draft.raise_attention("conflict", snapshot.offer, f"{name} was shown with two different values")


def _know(draft: Draft, offer: Offer, milestone: Milestone, evidence: Evidence, fields: Mapping[str, Seen]) -> None:
    """Keep an offer's fields and a milestone's evidence; nothing changes where both were known."""
    before = offer.known.get(milestone)
    after = merge_evidence(before, evidence)
    if after == before and fields is offer.fields:
        return
    known = offer.known if after == before else {**offer.known, milestone: after}
    draft.put(Offer(offer.id, fields, known, offer.released, offer.holds))


def settle(draft: Draft) -> None:
    """Release what may be released and hold the rest, until nothing more opens."""
    while draft.touched:
        offer_id = next(iter(draft.touched))
        del draft.touched[offer_id]
        _settle_offer(draft, draft.offers[offer_id])


def _settle_offer(draft: Draft, offer: Offer) -> None:
    """Ask the gates of one offer, weakest milestone first: no milestone rests on a stronger one."""
    if offer.known.keys() == offer.released:
        return
    holds: dict[Milestone, Hold] = {}
    for milestone in offer.pending():
        gate = closed(offer, milestone)
        if gate is None:
            offer = _release(draft, offer, milestone)
        else:
            holds[milestone] = hold(draft, offer.holds.get(milestone), gate)
    if holds != offer.holds:
        offer = Offer(offer.id, offer.fields, offer.known, offer.released, holds)
    draft.offers[offer.id] = offer


def _release(draft: Draft, offer: Offer, milestone: Milestone) -> Offer:
    """Tell downstream of one milestone; a stronger one told before makes it late and keeps the status."""
    late = is_late(milestone, offer.released)
    evidence = offer.known[milestone]
    offer = Offer(offer.id, offer.fields, offer.known, offer.released | {milestone}, offer.holds)
    occurred_at = offer.number(f"status_transitions.{milestone}_at")
    draft.release(
        MilestoneReleased(
            offer=offer,
            milestone=milestone,
            basis=evidence.basis,
            late=late,
            gap=(),
            occurred_at=evidence.created if occurred_at is None else occurred_at,
        )
    )
    return offer
