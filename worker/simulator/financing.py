"""A financing in its author's hands, from the offer to its end; it moves no time and never states what must be told."""

from worker.simulator import offers, transactions
from worker.simulator.events import JsonObject
from worker.simulator.narrator import Narrator
from worker.simulator.oracle import Expected
from worker.simulator.transactions import payments
from worker.simulator.truths import DiscountState, OfferTruth, Withheld

_SHARES = 6


class Financing:
    """One offer as it is now, what is still owed of it, and every transaction made for it."""

    def __init__(self, narrator: Narrator, offer: JsonObject, *, original: "Financing | None" = None) -> None:
        self.narrator = narrator
        self.offer = offer
        self.original = original
        self.transactions: list[JsonObject] = []
        self._owed: list[tuple[int, int]] = []

    @property
    def id(self) -> str:
        """The offer's id."""
        return str(self.offer["id"])

    @property
    def discount_rate(self) -> float:
        """The part of the previous fee that is remitted, from 0 to 1; 0 where none was offered."""
        return self.offer["offered_terms"].get("previous_financing_fee_discount_rate") or 0.0

    @property
    def discount_at_payout(self) -> DiscountState:
        """How the discount stands where the payout settles it."""
        return "settled" if self.discount_rate else "none"

    def turn(self, milestone: str) -> None:
        """A milestone with an event of its own that changes nothing but the status."""
        self.offer = self.narrator.turn(self.offer, milestone)

    def lose_to_another(self) -> None:
        """The account accepted another offer. What status such a one carries is documented nowhere."""
        self.offer = self.offer | {"status": self.narrator.dice.choice(("undelivered", "delivered", "revoked"))}
        self.narrator.tell("capital.financing_offer.accepted_other_offer", self.offer)

    def become(self, status: str) -> None:
        """A status that no event tells."""
        self.change(offers.turned(self.offer, status, self.narrator.now))

    def change(self, offer: JsonObject) -> None:
        """Anything else that no event tells."""
        self.offer = offer
        self.narrator.note(offer)

    def accept(self) -> None:
        """The merchant applies, and now owes what was chosen."""
        self.offer = self.narrator.accept(self.offer)
        self._owed = list(payments(self.narrator.dice, self.offer, _SHARES))

    def pay_out(self, discount: int | None = None) -> None:
        """The payout and its transaction: none where a partner paid and Stripe is silent."""
        self.offer = offers.discounted(self.offer, discount)
        self.turn("paid_out")
        if not (self.narrator.account.market.partner_pays and self.narrator.dice.chance(0.5)):
            self.transactions.append(self.narrator.payout(self.offer))

    def repay(self) -> None:
        """One payment of those still due."""
        self.transactions.append(self.narrator.payment(self.offer, self._owed.pop(0)))

    def take_back(self) -> None:
        """The merchant cancels, and every transaction made is reversed."""
        self.turn("canceled")
        self.transactions += [self.narrator.reversal(self.offer, made) for made in tuple(self.transactions)]

    @property
    def payments_due(self) -> int:
        """How many payments are still due."""
        return len(self._owed)

    def discount(self, rate: float) -> int | None:
        """What a refill with this discount rate remits of the fee still owed here, in minor units; None for no rate."""
        return max(1, int(sum(fee for _, fee in self._owed) * rate)) if rate else None

    def repay_by_refill(self, discount: int | None) -> None:
        """A refill's payout pays what is owed, less its discount, and closes this financing."""
        advance, fee = (sum(part) for part in zip(*self._owed, strict=True))
        rest = (advance, fee - (discount or 0))
        self._owed = []
        narrator = self.narrator
        payment = transactions.refill_payment(narrator.dice, narrator.account, self.offer, narrator.now, rest)
        narrator.tell("capital.financing_transaction.created", payment)
        self.transactions.append(payment)
        self.turn("fully_repaid")

    def determine_discount(self, amount: int) -> None:
        """Stripe determines the discount of this refill; no event tells it."""
        self.change(offers.discounted(self.offer, amount))

    def told(self, *milestones: str) -> Expected:
        """Expect these, each once, in this order, and every transaction made."""
        return self.narrator.milestones(self.offer, *milestones) | self.narrator.recorded(*self.transactions)

    def ended_as(self, status: str, discount: DiscountState = "pending") -> OfferTruth:
        """The truth of this offer; `discount` counts for refills alone."""
        if self.original is None:
            return OfferTruth(status)
        amount = self.offer.get("accepted_terms", {}).get("previous_financing_fee_discount_amount")
        return OfferTruth(status, self.original.id, discount, amount)

    def at_the_rate_of(self, other: "Financing") -> Withheld:
        """This financing withheld for, at the rate another brought."""
        return Withheld(self.id, str(other.offer["accepted_terms"]["withhold_rate"]))
