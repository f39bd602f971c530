"""Links: which financing a refill refills. No field says it; it follows from what was open when it was offered."""

from collections.abc import Mapping

from worker.rules.draft import Draft
from worker.rules.evolve import evolve
from worker.rules.milestones import ACCEPTED, CANCELED, CREATED, FULLY_REPAID, PAID_OUT
from worker.rules.policy import age
from worker.rules.releases import RefillLinked
from worker.rules.state import Link, Offer


def paid_out_at(offer: Offer) -> int | None:
    """When a payout that is known happened, in seconds: its time, else the acceptance's, else the creation's."""
    paid_out = PAID_OUT in offer.known or FULLY_REPAID in offer.known
    if not paid_out and offer.effective(PAID_OUT) is None:
        return None
    for milestone in (PAID_OUT, ACCEPTED):
        at = offer.effective(milestone)
        if at is not None:
            return at
    return offer.number("created")


def payout(offer: Offer) -> tuple[int, str]:
    """(payout, id): by which the later paid out of two is the greater; of an unknown time, the earliest."""
    return (paid_out_at(offer) or 0, offer.id)


def ended_before(offer: Offer, second: int) -> bool:
    """Whether the offer is known to have ended before a second; one that ended in that very second was open."""
    repaid, canceled = offer.effective(FULLY_REPAID), offer.effective(CANCELED)
    return (repaid is not None and repaid < second) or (canceled is not None and canceled < second)


def linkable(offer: Offer) -> tuple[object, ...]:
    """All of an offer that links depend on: where it is the same, so are they."""
    return (
        offer.announced,
        offer.currency,
        offer.number("created"),
        offer.text("replacement_for"),
        paid_out_at(offer),
        offer.effective(FULLY_REPAID),
        offer.effective(CANCELED),
    )


def may_refill(refill: Offer, original: Offer) -> bool:
    """Whether the one may refill the other: same currency, older, paid out by then and still open then.

    Everything is judged by effective times, so arrival has no part in it, and a ring cannot form: the original is
    always the older.
    """
    offered = refill.number("created")
    if offered is None or original.number("created") is None or age(original) >= age(refill):
        return False
    if original.currency is None or original.currency != refill.currency:
        return False
    paid_out = paid_out_at(original)
    return paid_out is not None and paid_out <= offered and not ended_before(original, offered)


def candidates(refill: Offer, offers: Mapping[str, Offer]) -> tuple[Offer, ...]:
    """The offers a refill may refill, the latest paid out last."""
    found = [offer for offer in offers.values() if may_refill(refill, offer)]
    return tuple(sorted(found, key=payout))


def relink(draft: Draft) -> None:
    """Find every refill's original anew from all that is known; what changed is settled and told again."""
    refills = {refill.id: refill for refill in draft.refills()}
    if not refills:
        return
    possible = {refill.id: candidates(refill, draft.offers) for refill in refills.values()}
    settled = _settled(possible, draft.state.refilled)
    own = {refill.id: _link(refill, possible[refill.id], settled) for refill in refills.values()}
    for refill in refills.values():
        link = _inherited(refill, draft.offers, own, frozenset({refill.id})) or own[refill.id]
        if link != refill.link:
            draft.put(evolve(refill, link=link))
            draft.stale = True


def _settled(possible: Mapping[str, tuple[Offer, ...]], refilled: frozenset[str]) -> frozenset[str]:
    """Offers named by a transaction with reason `refill` that exactly one refill can mean."""
    if not refilled:
        return refilled
    counts = dict.fromkeys(refilled, 0)
    for offers in possible.values():
        for offer in offers:
            if offer.id in counts:
                counts[offer.id] += 1
    return frozenset(offer for offer, count in counts.items() if count == 1)


def _inherited(
    refill: Offer, offers: Mapping[str, Offer], own: Mapping[str, Link | None], seen: frozenset[str]
) -> Link | None:
    """A replacement refills what the refill that it replaces does, be that inherited itself or not.

    But nothing that is younger than itself: every link leads to an older offer, and so to no ring.
    """
    replaced = refill.text("replacement_for")
    if replaced is None or replaced not in own or replaced in seen:
        return None
    link = _inherited(offers[replaced], offers, own, seen | {replaced}) or own[replaced]
    if link is None or age(offers[link.original]) >= age(refill):
        return None
    return Link(link.original, "inherited", link.confidence)


def _link(refill: Offer, possible: tuple[Offer, ...], settled: frozenset[str]) -> Link | None:
    if not possible:
        return None
    named = [offer for offer in possible if offer.id in settled]
    if named:
        return Link(named[-1].id, "transaction", "confirmed")
    if len(possible) > 1:
        return Link(possible[-1].id, "latest_candidate", "ambiguous")
    return Link(possible[0].id, "only_candidate", "confirmed" if refill.confirmed else "inferred")


def evidence_of(refill: Offer, offers: Mapping[str, Offer]) -> tuple[str, ...]:
    """What a link rests on: the offers the refill may refill, the latest paid out last."""
    return tuple(offer.id for offer in candidates(refill, offers))


def tell_links(draft: Draft) -> None:
    """Tell every link that downstream does not know yet, once its refill has been announced to them."""
    for refill in draft.refills():
        if CREATED not in refill.released:
            continue
        link = refill.link
        if link != refill.link_told:
            revision = refill.link_revision + 1
            draft.offers[refill.id] = evolve(refill, link_told=link, link_revision=revision)
            draft.release(RefillLinked(refill.id, link, revision), owed=draft.owes(refill, CREATED))
        if link is not None and link.confidence == "ambiguous":
            draft.raise_attention(
                "ambiguous_link", refill.id, f"several financings were open; {link.original} was the latest paid out"
            )
        if link is None and refill.surveyed:
            draft.raise_attention("unresolved_link", refill.id, "no financing was open when this refill was offered")


def withdraw_link(draft: Draft, offer: Offer) -> None:
    """Keep an offer that turned out to refill nothing, and take back the link that downstream was told."""
    told = offer.link_told is not None
    revision = offer.link_revision + told
    draft.put(evolve(offer, link=None, link_told=None, link_revision=revision))
    draft.stale = True
    if told:
        draft.release(RefillLinked(offer.id, None, revision), owed=draft.owes(offer, CREATED))


def announce_originals(draft: Draft) -> None:
    """The original of an announced refill concerns downstream too, even if only a survey ever named it.

    The youngest first: an original can be a refill itself, whose own original is older still.
    """
    for refill in sorted(draft.refills(), key=age, reverse=True):
        now = draft.offers[refill.id]
        original = draft.offers.get(now.link.original) if now.link and now.announced else None
        if original is not None and not original.announced:
            draft.put(evolve(original, announced=True))
