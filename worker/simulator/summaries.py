"""Financing summaries as Stripe shapes them: one an account, without an id of its own, so never told apart by id."""

from worker.simulator.dice import Dice
from worker.simulator.events import JsonObject
from worker.simulator.offers import DAY


def summary_of(dice: Dice, offer: JsonObject, paid_out_at: int) -> JsonObject:
    """The summary while `offer` is being repaid, money in minor units and times as float seconds."""
    terms = offer["accepted_terms"]
    owed = terms["advance_amount"] + terms["fee_amount"]
    paid = owed * dice.randrange(0, 60) // 100
    details = _terms(terms) | {
        "advance_paid_out_at": float(paid_out_at),
        "current_repayment_interval": _interval(dice, paid_out_at),
        "paid_amount": paid,
        "remaining_amount": owed - paid,
        "repayments_begin_at": float(paid_out_at + DAY),
    }
    return _summary("accepted", details) | {"financing_offer": offer["id"]}


def summary_of_a_new_line(offer: JsonObject) -> JsonObject:
    """The summary of a line of credit before its first draw: its terms, no offer, nothing paid out, nothing owed."""
    details = _terms(offer["offered_terms"]) | {
        "advance_paid_out_at": None,
        "current_repayment_interval": None,
        "paid_amount": 0,
        "remaining_amount": 0,
        "repayments_begin_at": None,
    }
    return _summary("delivered", details) | {"financing_offer": None}


def _summary(status: str, details: JsonObject) -> JsonObject:
    return {"object": "capital.financing_summary", "details": details, "status": status}


def _terms(terms: JsonObject) -> JsonObject:
    return {name: terms[name] for name in ("advance_amount", "currency", "fee_amount", "withhold_rate")}


def _interval(dice: Dice, paid_out_at: int) -> JsonObject:
    due = dice.randrange(5_000, 90_000)
    paid = dice.randrange(0, due)
    return {"due_at": float(paid_out_at + 60 * DAY), "paid_amount": paid, "remaining_amount": due - paid}
