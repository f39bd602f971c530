"""The discount of a refill: five states in which null is never zero, told once, asked for as long as it pays."""

from typing import Final, Literal

from worker.rules.draft import Draft
from worker.rules.evolve import evolve
from worker.rules.gates import has_ended
from worker.rules.milestones import PAID_OUT
from worker.rules.releases import DiscountSettled
from worker.rules.state import Offer

State = Literal["not_applicable", "pending", "none", "settled", "undetermined"]

AMOUNT: Final = "accepted_terms.previous_financing_fee_discount_amount"
RATE: Final = "offered_terms.previous_financing_fee_discount_rate"


def state_of(offer: Offer) -> State:
    """Where the discount of an offer stands."""
    if not offer.is_refill:
        return "not_applicable"
    if offer.number(AMOUNT) is not None:
        return "settled"
    if PAID_OUT not in offer.released:
        return "pending"
    if offer.text(RATE) in {None, "0"}:
        return "none"
    given_up = offer.discount_since is not None and offer.discount_due is None
    return "undetermined" if given_up else "pending"


def settle_discounts(draft: Draft) -> None:
    """Tell discounts that became known, and begin to ask for those that no event will bring."""
    for refill in draft.refills():
        if refill.discount_told or PAID_OUT not in refill.released:
            continue
        if state_of(refill) in {"settled", "none"}:
            told = evolve(refill, discount_told=True, discount_due=None)
            draft.offers[refill.id] = told
            draft.release(DiscountSettled(told), owed=draft.owes(refill, PAID_OUT))
            continue
        asking, is_time = refill.discount_since is not None, _is_time(draft, refill)
        if is_time and not asking:
            draft.offers[refill.id] = _ask(draft, evolve(refill, discount_since=draft.cause.timestamp))
        elif asking and not is_time:
            # An original was found that is still open: what was asked before its end counts for nothing.
            draft.offers[refill.id] = evolve(refill, discount_since=None, discount_asked=0, discount_due=None)


def _is_time(draft: Draft, refill: Offer) -> bool:
    """Stacked: Stripe determines the amount only after the original has ended. Otherwise at the payout.

    Where no original is known, a survey may still find one; asking before it would waste the schedule.
    """
    if draft.state.policy.policy != "stacked":
        return True
    if refill.link is None:
        return refill.surveyed
    return has_ended(draft.offer(refill.link.original))


def _ask(draft: Draft, refill: Offer) -> Offer:
    """The refill with its next time to ask; none, and a person's attention, where the schedule has ended."""
    schedule = draft.timing.discount
    if refill.discount_asked < len(schedule) and refill.discount_since is not None:
        return evolve(refill, discount_due=refill.discount_since + schedule[refill.discount_asked])
    detail = "Stripe showed no discount amount as often as it was asked"
    draft.raise_attention("discount_undetermined", refill.id, detail)
    return evolve(refill, discount_due=None)


def answer_discount(draft: Draft, subject: str, due: int) -> None:
    """Count an answer about a refill, asked for at `due` (ms), for the discount that was due by then."""
    refill = draft.offers.get(subject)
    if refill is not None and refill.discount_due is not None and refill.discount_due <= due:
        counted = evolve(refill, discount_asked=refill.discount_asked + 1)
        # An amount that this very answer brought ends the asking when discounts are settled.
        draft.offers[subject] = counted if counted.number(AMOUNT) is not None else _ask(draft, counted)
