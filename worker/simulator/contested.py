"""Lives of refills that do not go straight from offer to payout, in every documented market; each with what is told."""

from worker.simulator import paydown, scenes, stacked
from worker.simulator.financing import Financing
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.oracle import Expected, together
from worker.simulator.truths import DiscountState, OfferTruth, Truth

COUNTRIES = (*paydown.COUNTRIES, *stacked.COUNTRIES)


def rivals(narrator: Narrator) -> History:
    """Several refills are offered for one original, and one pays out; the others lose, or are left to expire."""
    original = scenes.opened(narrator)
    rivals = [_offered(original) for _ in range(narrator.dice.randint(2, 3))]
    winner = rivals.pop(narrator.dice.randrange(len(rivals)))
    scenes.accepted(winner)
    lost = [rival for rival in rivals if narrator.dice.chance(0.6)]
    for rival in lost:
        rival.lose_to_another()
    scenes.paid_out(winner, original)
    left = [rival for rival in rivals if rival not in lost]
    for rival in left:
        narrator.now = max(narrator.now, int(rival.offer["expires_after"]))
        rival.turn("expired")
    return narrator.end(
        "rivals",
        _taken(original, winner)
        | together(rival.told("created", "accepted_other_offer") for rival in lost)
        | together(rival.told("created", "expired") for rival in left),
        _truth(
            original,
            winner,
            {rival.id: rival.ended_as("accepted_other_offer") for rival in lost}
            | {rival.id: rival.ended_as("expired") for rival in left},
        ),
    )


def refill_replaced(narrator: Narrator) -> History:
    """A re-priced refill takes the place of the first one and inherits its original."""
    original = scenes.opened(narrator)
    old = _offered(original)
    narrator.days(1, 10)
    new = scenes.replaced(old, scenes.perhaps_a_discount(narrator.dice))
    scenes.accepted(new)
    scenes.paid_out(new, original)
    return narrator.end(
        "refill_replaced",
        _taken(original, new) | old.told("created", "replaced"),
        _truth(original, new, {old.id: old.ended_as("replaced")}),
    )


def refill_replaced_late(narrator: Narrator) -> History:
    """The original ends before the replacement is offered: the link can only be inherited."""
    original = scenes.opened(narrator)
    old = _offered(original)
    scenes.repaid_at_once(original)
    narrator.days(1, 10)
    new = scenes.replaced(old, scenes.no_discount(narrator.dice))
    scenes.accepted(new)
    narrator.moment()
    new.pay_out()
    in_order = paydown.closed(original, new) if scenes.policy_of(narrator) == "paydown" else stacked.ended(original)
    return narrator.end(
        "refill_replaced_late",
        in_order | old.told("created", "replaced") | paydown.paid(new),
        Truth(
            scenes.policy_of(narrator),
            {
                original.id: original.ended_as("fully_repaid"),
                old.id: old.ended_as("replaced"),
                new.id: new.ended_as("paid_out", "none"),
            },
            new.at_the_rate_of(new),
        ),
    )


def refill_countered(narrator: Narrator) -> History:
    """The application is answered with another offer, and the first turns `rejected`, which no event tells."""
    original = scenes.opened(narrator)
    old = _offered(original)
    scenes.accepted(old)
    narrator.moment()
    new = scenes.replaced(old, scenes.perhaps_a_discount(narrator.dice), by_counter_offer=True)
    scenes.accepted(new)
    scenes.paid_out(new, original)
    return narrator.end(
        "refill_countered",
        _taken(original, new) | old.told("created", "accepted", "rejected") | old.told("created", "replaced"),
        _truth(original, new, {old.id: old.ended_as("rejected")}),
    )


def refill_rejected(narrator: Narrator) -> History:
    """The application is not approved: the original goes on as if nothing had been, at its own rate."""
    original = scenes.opened(narrator)
    refill = _offered(original)
    scenes.accepted(refill)
    narrator.moment()
    refill.turn("rejected")
    scenes.repaid_once(original)
    return _undone("refill_rejected", original, refill, "rejected")


def refill_canceled(narrator: Narrator) -> History:
    """The merchant cancels within 48 hours of the acceptance, before the payout."""
    original = scenes.opened(narrator)
    refill = _offered(original)
    scenes.accepted(refill)
    narrator.days(0, 2)
    refill.turn("canceled")
    scenes.repaid_once(original)
    return _undone("refill_canceled", original, refill, "canceled")


def refill_canceled_after_payout(narrator: Narrator) -> History:
    """The payout is taken back; an original that it had closed stays closed here, as no source says otherwise."""
    original = scenes.opened(narrator)
    refill = scenes.offered(original, scenes.no_discount(narrator.dice))
    scenes.accepted(refill)
    scenes.paid_out(refill, original)
    narrator.days(0, 1)
    refill.take_back()
    open_still = scenes.policy_of(narrator) == "stacked"
    return narrator.end(
        "refill_canceled_after_payout",
        _taken(original, refill) | refill.told("accepted", "canceled"),
        Truth(
            scenes.policy_of(narrator),
            {
                original.id: original.ended_as("paid_out" if open_still else "fully_repaid"),
                refill.id: refill.ended_as("canceled", "none"),
            },
            original.at_the_rate_of(original) if open_still else None,
        ),
    )


def _offered(original: Financing) -> Financing:
    """A refill soon after the last, with a discount or without."""
    original.narrator.days(0, 3)
    return scenes.offered_at_once(original, scenes.perhaps_a_discount(original.narrator.dice))


def _taken(original: Financing, refill: Financing) -> Expected:
    """The lives of the two through the refill's payout; a discount under stacking is not known by then."""
    if scenes.policy_of(refill.narrator) == "paydown":
        return paydown.closed(original, refill) | paydown.paid(refill)
    pair = original.told("created", "accepted", "paid_out") | stacked.open_refill(refill)
    return pair if refill.discount_rate else pair | stacked.discount_told(refill)


def _truth(original: Financing, refill: Financing, others: dict[str, OfferTruth]) -> Truth:
    """The truth right after the refill's payout."""
    if scenes.policy_of(refill.narrator) == "paydown":
        discount: DiscountState = refill.discount_at_payout
        status, withheld = "fully_repaid", refill.at_the_rate_of(refill)
    else:
        discount = "pending" if refill.discount_rate else "none"
        status, withheld = "paid_out", original.at_the_rate_of(refill)
    offers = {original.id: original.ended_as(status), refill.id: refill.ended_as("paid_out", discount)}
    return Truth(scenes.policy_of(refill.narrator), offers | others, withheld)


def _undone(kind: str, original: Financing, refill: Financing, end: str) -> History:
    """A refill that came to nothing before its payout."""
    return original.narrator.end(
        kind,
        original.told("created", "accepted", "paid_out") | refill.told("created", "accepted", end),
        Truth(
            scenes.policy_of(refill.narrator),
            {original.id: original.ended_as("paid_out"), refill.id: refill.ended_as(end)},
            original.at_the_rate_of(original),
        ),
    )
