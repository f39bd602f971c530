"""Scenes that lives of refills are made of; each lets time pass as it does at Stripe, and none states what is told."""

from collections.abc import Callable

from worker.simulator import offers
from worker.simulator.dice import Dice
from worker.simulator.financing import Financing
from worker.simulator.narrator import Narrator
from worker.simulator.offers import DAY
from worker.simulator.truths import BEHAVIOUR, Policy

_NO_DISCOUNT = (None, 0, 0.0)
_DISCOUNTS = (0.25, 0.5, 0.75)


def policy_of(narrator: Narrator) -> Policy:
    """How refills behave where the account is."""
    return BEHAVIOUR[narrator.account.market.country]


def some_discount(dice: Dice) -> float:
    """A rate by which part of the previous fee is remitted."""
    return dice.choice(_DISCOUNTS)


def no_discount(dice: Dice) -> float | None:
    """One of the ways to offer no discount."""
    return dice.choice(_NO_DISCOUNT)


def perhaps_a_discount(dice: Dice) -> float | None:
    """A discount as often as none."""
    return some_discount(dice) if dice.chance(0.5) else no_discount(dice)


def opened(narrator: Narrator) -> Financing:
    """A standard financing, paid out and repaid in part, with at least two payments to come."""
    original = Financing(narrator, narrator.create())
    narrator.days(0, 25)
    original.accept()
    narrator.moment()
    original.pay_out()
    for _ in range(narrator.dice.randint(1, 4)):
        repaid_once(original)
    return original


def offered(original: Financing, rate: float | None) -> Financing:
    """A refill for the financing, after Stripe's daily look at it; often the platform passes the offer on."""
    original.narrator.days(1, 20)
    refill = offered_at_once(original, rate)
    if original.narrator.dice.chance(0.4):
        original.narrator.moment()
        refill.become("delivered")
    return refill


def offered_at_once(original: Financing, rate: float | None) -> Financing:
    """A refill in this very second. Of two offers of one second, the one with the lesser id counts as the older."""
    narrator = original.narrator
    offer = narrator.refill(rate)
    while offers.created_at(original.offer) == narrator.now and offer["id"] < original.id:
        offer = narrator.refill(rate)
    narrator.tell("capital.financing_offer.created", offer)
    return Financing(narrator, offer, original=original)


def replaced(old: Financing, rate: float | None, *, by_counter_offer: bool = False) -> Financing:
    """A new refill in the place of the old one, whose own end no event tells."""
    narrator = old.narrator
    offer = narrator.refill(rate) | {"replacement_for": old.id}
    status = "rejected" if by_counter_offer else "replaced"
    old.change(offers.turned(old.offer, status, narrator.now) | {"replacement": offer["id"]})
    narrator.tell("capital.financing_offer.replacement_created", offer)
    return Financing(narrator, offer, original=old.original)


def accepted(financing: Financing) -> None:
    """The merchant applies while the offer is good."""
    financing.narrator.days(0, 10)
    financing.accept()


def paid_out(refill: Financing, original: Financing) -> None:
    """The payout of a refill, as refills are paid out where the account is."""
    refill.narrator.moment()
    if policy_of(refill.narrator) == "paydown":
        paid_down(refill, original)
    else:
        refill.pay_out()


def paid_down(refill: Financing, original: Financing, *, seconds: tuple[int, ...] = (0, 0, 0, 1, 2)) -> None:
    """The payout closes the original: told in either order, some of `seconds` apart; a discount is set by then."""
    narrator = refill.narrator
    discount = original.discount(refill.discount_rate)
    acts: list[Callable[[int | None], None]] = [original.repay_by_refill, refill.pay_out]
    if narrator.dice.chance(0.5):
        acts.reverse()
    for act in acts:
        act(discount)
        narrator.now += narrator.dice.choice(seconds)


def repaid_once(financing: Financing) -> None:
    """One payment, some weeks later."""
    financing.narrator.days(10, 40)
    financing.repay()


def repaid(financing: Financing) -> None:
    """All that is owed, over months; the last payment and the end often share a second."""
    while financing.payments_due:
        repaid_once(financing)
    financing.narrator.moment()
    financing.turn("fully_repaid")


def repaid_at_once(financing: Financing) -> None:
    """The merchant pays all that is owed on one day."""
    financing.narrator.days(1, 3)
    while financing.payments_due:
        financing.repay()
        financing.narrator.moment()
    financing.turn("fully_repaid")


def discount_determined(refill: Financing, amount: int) -> None:
    """The amount, in minor units, becomes known at or some days after the original's end."""
    narrator = refill.narrator
    narrator.now += narrator.dice.choice((0, 40, DAY, 4 * DAY))
    refill.determine_discount(amount)
