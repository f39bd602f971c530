"""Lives of standard offers, each with what must be told of it stated by hand; no life here ever refills another."""

from worker.simulator import offers
from worker.simulator.events import JsonObject
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.transactions import payments


def repaid(narrator: Narrator) -> History:
    """An offer lives to its end: the last payment and `fully_repaid` often share a second."""
    offer, payouts = _paid_out(narrator, narrator.create())
    shares = payments(narrator.dice, offer, narrator.dice.randint(2, 5))
    repayments = [_repay(narrator, offer, share) for share in shares]
    narrator.moment()
    offer = narrator.turn(offer, "fully_repaid")
    return narrator.end(
        "repaid",
        narrator.milestones(offer, "created", "accepted", "paid_out", "fully_repaid")
        | narrator.recorded(*payouts, *repayments),
    )


def still_open(narrator: Narrator) -> History:
    """Paid out, and repaid in part."""
    offer, payouts = _paid_out(narrator, narrator.create())
    shares = payments(narrator.dice, offer, 4)[: narrator.dice.randint(0, 3)]
    repayments = [_repay(narrator, offer, share) for share in shares]
    return narrator.end(
        "still_open",
        narrator.milestones(offer, "created", "accepted", "paid_out") | narrator.recorded(*payouts, *repayments),
    )


def canceled(narrator: Narrator) -> History:
    """The merchant cancels within 48 hours of acceptance; in some lives the money had left, and is taken back."""
    offer = _accepted(narrator, narrator.create())
    if narrator.dice.chance(0.5):
        narrator.days(0, 2)
        offer = narrator.turn(offer, "canceled")
        return narrator.end("canceled", narrator.milestones(offer, "created", "accepted", "canceled"))
    return _canceled_after_payout(narrator, offer)


def rejected(narrator: Narrator) -> History:
    """The application is not approved."""
    offer = _accepted(narrator, narrator.create())
    narrator.moment()
    offer = narrator.turn(offer, "rejected")
    return narrator.end("rejected", narrator.milestones(offer, "created", "accepted", "rejected"))


def expired(narrator: Narrator) -> History:
    """Nobody applies; the offer ends with the second it was good for."""
    offer = narrator.create()
    narrator.now = int(offer["expires_after"])
    offer = narrator.turn(offer, "expired")
    return narrator.end("expired", narrator.milestones(offer, "created", "expired"))


def replaced(narrator: Narrator) -> History:
    """A re-priced offer takes the place of the old one, which turns `replaced` without an event of its own."""
    old = narrator.create()
    narrator.days(1, 20)
    new = _replacement(narrator, old)
    offer, payouts = _paid_out(narrator, new)
    return narrator.end(
        "replaced",
        narrator.milestones(old, "created", "replaced")
        | narrator.milestones(offer, "created", "accepted", "paid_out")
        | narrator.recorded(*payouts),
    )


def accepted_other_offer(narrator: Narrator) -> History:
    """Two offers of one account; the account takes one, and the other hears of it, often in the same second."""
    taken = narrator.create()
    narrator.moment()
    lost = narrator.create()
    taken = _accepted(narrator, taken)
    # What status such an offer carries is documented nowhere.
    lost = lost | {"status": narrator.dice.choice(("undelivered", "delivered", "rejected", "revoked"))}
    narrator.tell("capital.financing_offer.accepted_other_offer", lost)
    narrator.moment()
    taken = narrator.turn(taken, "paid_out")
    return narrator.end(
        "accepted_other_offer",
        narrator.milestones(taken, "created", "accepted", "paid_out")
        | narrator.milestones(lost, "created", "accepted_other_offer"),
    )


def _accepted(narrator: Narrator, offer: JsonObject) -> JsonObject:
    narrator.days(0, 25)
    return narrator.accept(offer)


def _paid_out(narrator: Narrator, offer: JsonObject) -> tuple[JsonObject, list[JsonObject]]:
    """The offer accepted and paid out, and its payout transactions: none where a partner paid and Stripe is silent."""
    offer = _accepted(narrator, offer)
    narrator.moment()
    offer = narrator.turn(offer, "paid_out")
    silent = narrator.account.market.partner_pays and narrator.dice.chance(0.5)
    return offer, [] if silent else [narrator.payout(offer)]


def _repay(narrator: Narrator, offer: JsonObject, share: tuple[int, int]) -> JsonObject:
    narrator.days(1, 30)
    return narrator.payment(offer, share)


def _canceled_after_payout(narrator: Narrator, offer: JsonObject) -> History:
    """No rule orders the payout against the cancellation; both follow the acceptance."""
    narrator.moment()
    offer = narrator.turn(offer, "paid_out")
    payout = narrator.payout(offer)
    narrator.days(0, 1)
    offer = narrator.turn(offer, "canceled")
    reversal = narrator.reversal(offer, payout)
    return narrator.end(
        "canceled",
        narrator.milestones(offer, "created", "accepted", "paid_out")
        | narrator.milestones(offer, "accepted", "canceled")
        | narrator.recorded(payout, reversal),
    )


def _replacement(narrator: Narrator, old: JsonObject) -> JsonObject:
    """The new offer and its `replacement_created`; whether `created` comes as well is documented nowhere."""
    new = narrator.offer() | {"replacement_for": old["id"]}
    narrator.note(offers.turned(old, "replaced", narrator.now) | {"replacement": new["id"]})
    narrator.tell("capital.financing_offer.replacement_created", new)
    if narrator.dice.chance(0.3):
        narrator.tell("capital.financing_offer.created", new)
    return new
