"""Settling: after anything was learned, release every milestone whose gates are open and tell what follows from it."""

from typing import Final

from worker.rules.discount import settle_discounts
from worker.rules.draft import Draft
from worker.rules.evolve import evolve
from worker.rules.gates import closed
from worker.rules.holds import hold, imply
from worker.rules.links import announce_originals, relink, tell_links
from worker.rules.milestones import (
    CANCELED,
    CONTRADICTED_BY,
    CREATED,
    FULLY_REPAID,
    PAID_OUT,
    Milestone,
    is_late,
    joined,
)
from worker.rules.policy import resolve
from worker.rules.releases import MilestoneReleased
from worker.rules.state import Hold, Offer
from worker.rules.withholding import outstanding, refresh, tell_withholding

# After these a summary shows something else.
SUMMARISED: Final = frozenset({PAID_OUT, FULLY_REPAID})
# With these a financing can end: with a payout, too, where its cancellation was told before.
ENDING: Final = frozenset({PAID_OUT, FULLY_REPAID, CANCELED})


def settle(draft: Draft) -> None:
    """Bring policy, links, releases, discounts and withholding in line with what is now known."""
    if draft.policy_doubtful:
        draft.policy_doubtful = False
        decide_policy(draft)
    if draft.links_doubtful:
        draft.links_doubtful = False
        relink(draft)
        announce_originals(draft)
    while draft.touched:
        offer_id = next(iter(draft.touched))
        del draft.touched[offer_id]
        _settle_offer(draft, draft.offers[offer_id])
    if draft.state.refills:
        tell_links(draft)
        settle_discounts(draft)
    if draft.stale:
        refresh(draft)
        tell_withholding(draft)
    if owing := draft.state.outstanding:
        draft.change(outstanding=outstanding(draft.offers[identity] for identity in owing))


def decide_policy(draft: Draft) -> None:
    """Decide the account's policy anew; another answer than before corrects it from here on."""
    before, after = draft.state.policy, resolve(draft.state.country, draft.offers.values())
    if after == before:
        return
    draft.change(policy=after)
    draft.stale = True
    if after.policy != before.policy:
        for refill in draft.refills():
            draft.touched[refill.id] = None
        if before.source is not None:
            detail = (
                f"refills behave as {after.policy} (by {after.source}), not as {before.policy} (by {before.source})"
            )
            draft.raise_attention("policy_changed", draft.state.account, detail)


def _settle_offer(draft: Draft, offer: Offer) -> None:
    """Ask the gates of one offer, weakest milestone first: no milestone rests on a stronger one."""
    if not offer.announced:
        return
    if offer.charged_off:
        draft.raise_attention("charged_off", offer.id, "Stripe shows the financing as charged off")
    for milestone in offer.gaps:
        # A proof can still come while what was given up waits behind its next gate.
        offer = imply(draft, offer, milestone)
    pending = offer.pending()
    if not pending:
        return
    holds: dict[Milestone, Hold] = {}
    for milestone in pending:
        gate = closed(draft, offer, milestone)
        if gate is None:
            offer = _release(draft, offer, milestone)
            continue
        holds[milestone] = hold(draft, offer.holds.get(milestone), gate)
        if gate.gate == "G4" and (milestone not in offer.holds or offer.holds[milestone].gate != "G4"):
            draft.ask_survey()
    if holds != offer.holds:
        draft.offers[offer.id] = evolve(offer, holds=holds)


def _release(draft: Draft, offer: Offer, milestone: Milestone) -> Offer:
    """Tell downstream of one milestone; a stronger one told before makes it late and keeps the status.

    Whether it is told depends on who made it known, and never on what opened its gates; so does all it brings.
    """
    silent, draft.silent = draft.silent, milestone in offer.quiet
    late = is_late(milestone, offer.released)
    evidence = offer.known[milestone]
    gap = tuple(name for name in offer.gaps.get(milestone, ()) if not draft.is_released(name)) if offer.gaps else ()
    gaps = {other: names for other, names in offer.gaps.items() if other is not milestone} if offer.gaps else offer.gaps
    offer = evolve(offer, released=joined(offer.released, milestone), gaps=gaps)
    draft.offers[offer.id] = offer
    if milestone is PAID_OUT:
        draft.change(outstanding=(*draft.state.outstanding, offer.id))
    # Money moves only with a payout and with what happens while something is paid out.
    if milestone is PAID_OUT or draft.state.active:
        refresh(draft)
    at = None if evidence.basis == "implied" else offer.effective(milestone)
    state = draft.state
    draft.release(
        MilestoneReleased(
            offer, milestone, evidence.basis, late, gap, at, state.policy, state.active, draft.withholding
        )
    )
    tell_withholding(draft)
    _note(draft, offer, milestone, gap)
    draft.silent = silent
    return offer


def _note(draft: Draft, offer: Offer, milestone: Milestone, gap: tuple[str, ...]) -> None:
    """What follows from a release besides: questions for Stripe, other gates, and what a person should see."""
    if milestone in SUMMARISED:
        draft.ask_summary()
    if milestone is CREATED and offer.is_refill and not offer.surveyed:
        draft.ask_survey()
    if milestone in ENDING:
        draft.touch_refills_of(offer.id)
    if gap:
        draft.raise_attention("gap", offer.id, f"{milestone} was released without {', '.join(gap)}")
    for other in CONTRADICTED_BY[milestone]:
        if other in offer.released:
            draft.raise_attention("conflict", offer.id, f"{milestone} and {other} contradict each other")
    if PAID_OUT in offer.released and CANCELED in offer.released:
        draft.raise_attention("canceled_after_payout", offer.id, "the payout is reversed: check what the original does")
