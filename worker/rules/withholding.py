"""Withholding: which financings are open, and from which of them Stripe withholds at which rate; always derived."""

from collections.abc import Iterable, Sequence

from worker.rules.draft import Draft
from worker.rules.gates import has_ended
from worker.rules.links import payout
from worker.rules.milestones import ACCEPTED, CANCELED, PAID_OUT, REJECTED, REPLACED
from worker.rules.releases import WithholdingChanged
from worker.rules.state import Offer, Withholding

VOID = frozenset({REJECTED, CANCELED, REPLACED})


def open_financings(draft: Draft) -> list[Offer]:
    """Offers released as paid out that have not ended, the oldest payout first.

    In a pay-down market a refill's payout closes its original, so the original is not open from then on even where
    its own end was never proven.
    """
    owing = [draft.offers[identity] for identity in draft.state.outstanding]
    closed: set[str] = set()
    if owing and draft.state.policy.policy == "paydown":
        closed = {refill.link.original for refill in draft.refills() if refill.link and PAID_OUT in refill.released}
    return sorted([offer for offer in owing if offer.id not in closed and not has_ended(offer)], key=payout)


def outstanding(offers: Iterable[Offer]) -> tuple[str, ...]:
    """Of these, the offers released as paid out that have not ended."""
    return tuple(sorted([offer.id for offer in offers if PAID_OUT in offer.released and not has_ended(offer)]))


def withholding_of(draft: Draft, financings: Sequence[Offer]) -> Withholding | None:
    """The target is the oldest open financing; under stacking the newest accepted refill of its chain sets the rate."""
    policy = draft.state.policy.policy
    if not financings or (policy == "unknown" and len(financings) > 1):
        return None
    target = financings[0]
    newest = _newest_refill(draft, target) if policy == "stacked" else None
    return Withholding(target.id, (newest or target).withhold_rate)


def _newest_refill(draft: Draft, target: Offer) -> Offer | None:
    """The latest accepted of the refills that go back to a financing and were not undone."""
    chain = {target.id}
    found: list[tuple[int, str]] = []
    # A refill is always younger than what it refills, so one pass from the oldest on sees every link of a chain.
    for refill in sorted(draft.refills(), key=lambda offer: (offer.number("created") or 0, offer.id)):
        if refill.link is None or refill.link.original not in chain:
            continue
        chain.add(refill.id)
        if ACCEPTED in refill.released and not refill.released & VOID:
            found.append((refill.effective(ACCEPTED) or 0, refill.id))
    return draft.offers[max(found)[1]] if found else None


def refresh(draft: Draft) -> None:
    """Derive both anew after something was released or corrected; the change is told by `tell_withholding`."""
    draft.stale = False
    financings = open_financings(draft)
    active = tuple([offer.id for offer in financings])
    if active != draft.state.active:
        draft.change(active=active)
    draft.withholding = withholding_of(draft, financings)


def tell_withholding(draft: Draft) -> None:
    """Tell a change of target or rate, the first and the last included."""
    previous = draft.state.withholding
    if draft.withholding == previous:
        return
    revision = draft.state.withholding_revision + 1
    draft.change(withholding=draft.withholding, withholding_revision=revision)
    draft.release(WithholdingChanged(draft.withholding, previous, revision))
