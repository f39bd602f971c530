"""Financing summaries as Stripe shapes them: one an account, without an id of its own, so never told apart by id."""

from collections.abc import Sequence

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


def summary_of_an_account(account: str, offers: Sequence[JsonObject], transactions: Sequence[JsonObject]) -> JsonObject:
    """The one summary of an account with these offers, in the API's own version, and these transactions.

    Of two open financings it shows one; which, is documented nowhere: by account, always the older or the younger.
    """
    paid_out = [offer for offer in offers if offer["status"] == "paid_out" and "charged_off_at" not in offer]
    if not paid_out:
        waiting = {offer["status"] for offer in offers} & {"accepted", "delivered"}
        return _summary(min(waiting, default="none"), None) | {"financing_offer": None}
    older_first = sorted(paid_out, key=lambda offer: (offer["status_transitions"]["paid_out_at"], offer["id"]))
    shown = older_first[-1 if _shows_the_younger(account) else 0]
    paid = sum(
        transaction["details"]["total_amount"]
        for transaction in transactions
        if transaction["financing_offer"] == shown["id"] and transaction["type"] == "payment"
    )
    return _summary("accepted", _repaid_so_far(shown, paid)) | {"financing_offer": shown["id"]}


def _shows_the_younger(account: str) -> bool:
    return sum(account.encode()) % 2 == 1


def _repaid_so_far(offer: JsonObject, paid: int) -> JsonObject:
    terms, paid_out_at = offer["accepted_terms"], offer["status_transitions"]["paid_out_at"]
    owed = terms["advance_amount"] + terms["fee_amount"]
    due = owed // 10
    return _terms(terms) | {
        "advance_paid_out_at": float(paid_out_at),
        "current_repayment_interval": {
            "due_at": float(paid_out_at + 60 * DAY),
            "paid_amount": min(paid, due),
            "remaining_amount": max(0, due - paid),
        },
        "paid_amount": paid,
        "remaining_amount": owed - paid,
        "repayments_begin_at": float(paid_out_at + DAY),
    }


def _summary(status: str, details: JsonObject | None) -> JsonObject:
    return {"object": "capital.financing_summary", "details": details, "status": status}


def _terms(terms: JsonObject) -> JsonObject:
    return {name: terms[name] for name in ("advance_amount", "currency", "fee_amount", "withhold_rate")}


def _interval(dice: Dice, paid_out_at: int) -> JsonObject:
    due = dice.randrange(5_000, 90_000)
    paid = dice.randrange(0, due)
    return {"due_at": float(paid_out_at + 60 * DAY), "paid_amount": paid, "remaining_amount": due - paid}
