"""Financing transactions as Stripe shapes them; the payments of a financing never sum to more than it cost."""

from itertools import pairwise

from worker.simulator.accounts import Account
from worker.simulator.dice import Dice
from worker.simulator.events import JsonObject


def payout(dice: Dice, account: Account, offer: JsonObject, created: int) -> JsonObject:
    """The advance leaving for the merchant; a payout has no reason."""
    terms = offer["accepted_terms"]
    return _transaction(dice, account, offer, created, "payout") | {
        "details": _amounts(terms["currency"], terms["advance_amount"], terms["fee_amount"]),
        "user_facing_description": "Payout of your financing",
    }


def payments(dice: Dice, offer: JsonObject, count: int) -> tuple[tuple[int, int], ...]:
    """Shares (advance, fee) in minor units of `count` payments that together repay the whole of an accepted offer."""
    terms = offer["accepted_terms"]
    advances = _split(dice, terms["advance_amount"], count)
    fees = _split(dice, terms["fee_amount"], count)
    return tuple(zip(advances, fees, strict=True))


def payment(dice: Dice, account: Account, offer: JsonObject, created: int, share: tuple[int, int]) -> JsonObject:
    """One repayment: mostly withheld from a charge, sometimes paid by the merchant's own hand."""
    details = _amounts(offer["accepted_terms"]["currency"], *share)
    if dice.chance(0.85):
        charge = dice.new_id("py")
        details |= {"linked_payment": charge, "reason": "automatic_withholding", "transaction": {"charge": charge}}
    else:
        details |= {"reason": "user_initiated"}
    return _transaction(dice, account, offer, created, "payment") | {
        "details": details,
        "user_facing_description": account.market.paydown_text,
    }


def refill_payment(dice: Dice, account: Account, offer: JsonObject, created: int, rest: tuple[int, int]) -> JsonObject:
    """The payment by which a refill's payout closes the original: the one hint at which of them that was."""
    details = _amounts(offer["accepted_terms"]["currency"], *rest) | {"reason": "refill"}
    return _transaction(dice, account, offer, created, "payment") | {
        "details": details,
        "user_facing_description": account.market.paydown_text,
    }


def reversal(dice: Dice, account: Account, offer: JsonObject, created: int, of: JsonObject) -> JsonObject:
    """The taking back of an earlier transaction when the financing is canceled."""
    details = of["details"] | {"reason": "financing_cancellation", "reversed_transaction": of["id"]}
    return _transaction(dice, account, offer, created, "reversal") | {
        "details": details,
        "user_facing_description": "Cancellation of your financing",
    }


def _transaction(dice: Dice, account: Account, offer: JsonObject, created: int, kind: str) -> JsonObject:
    # Transactions say `created_at` in every version seen, often a moment before their event.
    return {
        "id": dice.new_id("cptxn"),
        "object": "capital.financing_transaction",
        "account": account.id,
        "created_at": created - dice.choice((0, 0, 2)),
        "financing_offer": offer["id"],
        "livemode": offer["livemode"],
        "type": kind,
    }


def _amounts(currency: str, advance: int, fee: int) -> JsonObject:
    return {"advance_amount": advance, "currency": currency, "fee_amount": fee, "total_amount": advance + fee}


def _split(dice: Dice, amount: int, count: int) -> list[int]:
    cuts = [0, *sorted(dice.randint(0, amount) for _ in range(count - 1)), amount]
    return [upper - lower for lower, upper in pairwise(cuts)]
