"""Learning: what an event or an answer says of an offer, merged into what is known; releases follow from settling."""

from collections.abc import Mapping

from worker.rules.draft import Draft
from worker.rules.evolve import evolve
from worker.rules.facts import Observed, OfferEvent, Rank, Snapshot
from worker.rules.links import linkable, withdraw_link
from worker.rules.merge import merge_evidence, merge_fields, rank_of
from worker.rules.milestones import CREATED, REPLACED, Milestone
from worker.rules.policy import agrees, market
from worker.rules.quiet import hushed
from worker.rules.state import Evidence, Offer


def learn_event(draft: Draft, event: OfferEvent) -> None:
    """Merge an offer event: its snapshot, the milestone its type names, and the offer it replaces."""
    snapshot = event.snapshot
    evidence = Evidence("event", snapshot.created, snapshot.id, event.proves)
    _learn(draft, snapshot, rank_of(snapshot, event.milestone), {event.milestone: evidence}, announced=True)
    replaced = snapshot.fields.get("replacement_for")
    if replaced is not None:
        # The offer that is replaced gets no event of its own; its replacement's is the only word of it.
        old = draft.offer(str(replaced))
        told = Evidence("event", snapshot.created, snapshot.id, frozenset())
        known = _known(old, {REPLACED: told}) if event.replaces else old.known
        if known is not old.known or not old.announced:
            quiet = hushed(old, () if known is old.known else {REPLACED}) if draft.cause.quiet else old.quiet
            _keep(draft, old, evolve(old, known=known, announced=True, quiet=quiet))


def learn_observed(draft: Draft, observed: Observed, *, announces: bool = False) -> None:
    """Merge what Stripe's API showed of an offer: a snapshot, and every milestone that its status proves."""
    snapshot = observed.snapshot
    evidence = {milestone: Evidence("api", None, snapshot.id, frozenset()) for milestone in observed.proves}
    _learn(draft, snapshot, rank_of(snapshot, observed.milestone), evidence, announced=announces)


def _learn(
    draft: Draft, snapshot: Snapshot, rank: Rank, evidence: Mapping[Milestone, Evidence], *, announced: bool
) -> None:
    before = draft.offer(snapshot.offer)
    fields, conflicts = merge_fields(before.fields, snapshot, rank)
    known = _known(before, evidence)
    if fields is not before.fields or known is not before.known or announced > before.announced:
        quiet = hushed(before, evidence) if draft.cause.quiet else before.quiet
        offer = evolve(before, fields=fields, known=known, announced=announced or before.announced, quiet=quiet)
        _keep(draft, before, offer)
    for name in conflicts:
        draft.raise_attention("conflict", before.id, f"{name} was shown with two different values")


def _keep(draft: Draft, before: Offer, offer: Offer) -> None:
    """Keep a changed offer; what depends on it is derived anew when the draft settles."""
    draft.put(offer)
    _doubt(draft, before, offer)
    if offer.charged_off and not before.charged_off:
        draft.touch_refills_of(offer.id)


def _known(offer: Offer, evidence: Mapping[Milestone, Evidence]) -> Mapping[Milestone, Evidence]:
    """What is known of an offer's milestones with more evidence; the very same where it says nothing new."""
    new = {}
    for milestone, more in evidence.items():
        before = offer.known.get(milestone)
        after = merge_evidence(before, more)
        if before is None or after != before:
            new[milestone] = after
    return {**offer.known, **new} if new else offer.known


def _doubt(draft: Draft, before: Offer, after: Offer) -> None:
    """Mark what has to be derived anew, and only that: most events change neither policy nor links."""
    if after.is_refill != before.is_refill:
        _reclassify(draft, after)
    elif draft.state.refills and linkable(before) != linkable(after):
        draft.links_doubtful = True
    if after.fields is not before.fields and market(before) != market(after):
        draft.policy_doubtful = draft.policy_doubtful or not agrees(draft.state.policy, before, after)


def _reclassify(draft: Draft, offer: Offer) -> None:
    """An offer turned out to refill another, or to refill none after all."""
    others = tuple(refill for refill in draft.state.refills if refill != offer.id)
    draft.change(refills=tuple(sorted((*others, offer.id))) if offer.is_refill else others)
    draft.links_doubtful = True
    if not offer.is_refill:
        withdraw_link(draft, evolve(offer, discount_since=None, discount_asked=0, discount_due=None))
    elif CREATED in offer.released:
        draft.ask_survey()
