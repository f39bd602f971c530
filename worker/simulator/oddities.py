"""Histories of what is rare, new or none of ours; nothing odd in them may ever change what the plain part must tell."""

from worker.simulator.events import Event, JsonObject
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.oracle import Expected
from worker.simulator.summaries import summary_of, summary_of_a_new_line

_LINE_OF_CREDIT_UPDATE = "capital.financing_summary.line_of_credit_update"


def line_of_credit(narrator: Narrator) -> History:
    """The terms of a line of credit change, before and after its first draw; the summary is told by event, not by id.

    No public payload shows where such an event names its account: here on the event, in the object, or on both.
    """
    new = narrator.offer()
    first = _update(narrator, summary_of_a_new_line(new))
    narrator.days(1, 9)
    narrator.tell("capital.financing_offer.created", new)
    draw = narrator.accept(new)
    narrator.moment()
    draw = narrator.turn(draw, "paid_out")
    paid_out_at = narrator.now
    narrator.days(5, 40)
    second = _update(narrator, summary_of(narrator.dice, draw, paid_out_at))
    third = _update(narrator, summary_of(narrator.dice, draw, paid_out_at))
    return narrator.end(
        "line_of_credit",
        narrator.milestones(draw, "created", "accepted", "paid_out") | narrator.lines_of_credit(first, second, third),
    )


def unknown_type(narrator: Narrator) -> History:
    """Stripe adds a type of event in the middle of an offer's life."""
    offer = narrator.create()
    narrator.moment()
    narrator.tell("capital.financing_offer.teleported", offer | {"teleported_to": "dashboard"})
    narrator.days(1, 9)
    offer = narrator.accept(offer)
    return narrator.end("unknown_type", narrator.milestones(offer, "created", "accepted"))


def unknown_status(narrator: Narrator) -> History:
    """Stripe adds statuses; the event's type still says what happened."""
    offer = narrator.offer() | {"status": "prequalified"}
    narrator.tell("capital.financing_offer.created", offer)
    narrator.days(1, 9)
    offer = narrator.accept(offer) | {"status": "under_second_review"}
    narrator.moment()
    narrator.tell("capital.financing_offer.paid_out", offer)
    return narrator.end("unknown_status", narrator.milestones(offer, "created", "accepted", "paid_out"))


def not_capital(narrator: Narrator) -> History:
    """What else an endpoint of the platform receives: to be answered with 200 and dropped."""
    for event_type, subject in (
        ("charge.succeeded", _charge(narrator)),
        ("payout.paid", _payout(narrator)),
        ("account.updated", _account(narrator)),
    ):
        narrator.tell(event_type, subject, connect=True)
        narrator.moment()
    return narrator.end("not_capital", Expected())


def _update(narrator: Narrator, summary: JsonObject) -> Event:
    named = narrator.dice.choice(("event", "object", "both"))
    inside = {} if named == "event" else {"account": narrator.account.id}
    return narrator.tell(_LINE_OF_CREDIT_UPDATE, summary | inside, connect=named != "object")


def _charge(narrator: Narrator) -> JsonObject:
    amount = narrator.dice.randrange(500, 90_000)
    return {
        "id": narrator.dice.new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "billing_details": {"address": {"city": None, "country": narrator.account.market.country}, "name": None},
        "created": narrator.now,
        "currency": narrator.account.market.currency,
        "livemode": narrator.livemode,
        "metadata": {},
        "outcome": {"network_status": "approved_by_network", "risk_level": "normal", "type": "authorized"},
        "paid": True,
        "payment_intent": narrator.dice.new_id("pi"),
        "status": "succeeded",
    }


def _account(narrator: Narrator) -> JsonObject:
    return {
        "id": narrator.account.id,
        "object": "account",
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": narrator.account.market.country,
        "default_currency": narrator.account.market.currency,
        "details_submitted": True,
        "metadata": {},
        "payouts_enabled": True,
        "type": "express",
    }


def _payout(narrator: Narrator) -> JsonObject:
    return {
        "id": narrator.dice.new_id("po"),
        "object": "payout",
        "amount": narrator.dice.randrange(5_000, 900_000),
        "arrival_date": narrator.now,
        "automatic": True,
        "created": narrator.now,
        "currency": narrator.account.market.currency,
        "livemode": narrator.livemode,
        "method": "standard",
        "status": "paid",
        "type": "bank_account",
    }
