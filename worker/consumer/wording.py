"""Wording: what the rules released, as the data of a notification; unknown is null, and nothing is concluded here.

The shapes are those of `schemas.notifications`, name for name and in their order, which a test holds for every kind of
life. They are written as plain data: building and validating a model of what was validated when it came in was the
largest single cost of a record.
"""

from collections.abc import Mapping
from functools import lru_cache
from time import gmtime, strftime
from typing import Final

from schemas import notifications as schema
from worker.rules.discount import AMOUNT, RATE, state_of
from worker.rules.facts import Summary, Transaction, Value
from worker.rules.releases import AttentionRaised, MilestoneReleased, RefillLinked, WithholdingChanged
from worker.rules.state import AccountState, Offer, Withholding

Data = Mapping[str, object]

NOTHING: Final = {None}
OFFERED: Final = {name: f"offered_terms.{name}" for name in schema.OfferedTerms.model_fields}
ACCEPTED: Final = {name: f"accepted_terms.{name}" for name in schema.AcceptedTerms.model_fields}


def milestone(state: AccountState, release: MilestoneReleased) -> Data:
    """One milestone with the offer, and the account's financings, as they are after it."""
    offer = release.offer
    shown = offer.values()
    return {
        "account": state.account,
        "livemode": state.livemode,
        "occurred_at": _time(release.occurred_at),
        "basis": release.basis,
        "late": release.late,
        "gap": list(release.gap),
        "offer": _offer(offer, shown),
        "policy": {"name": release.policy.policy, "source": release.policy.source},
        "refill": _refill(offer),
        "messaging": {
            "product_type": shown.get("product_type"),
            "campaign_type": shown.get("offered_terms.campaign_type"),
            "disclaimer_variant": shown.get("disclaimer_variant"),
        },
        "active_financings": list(release.active),
        "withholding": _withholding(release.withholding),
    }


def linked(state: AccountState, release: RefillLinked) -> Data:
    """A link, or its withdrawal."""
    link = release.link
    return {
        "account": state.account,
        "livemode": state.livemode,
        "refill": release.refill,
        "original": link and link.original,
        "method": link and link.method,
        "confidence": link and link.confidence,
        "revision": release.revision,
    }


def discount_settled(state: AccountState, refill: Offer) -> Data:
    """A discount that is known, or known to be none."""
    return {
        "account": state.account,
        "livemode": state.livemode,
        "refill": refill.id,
        "original": refill.link and refill.link.original,
        "discount": {
            "state": "none" if refill.number(AMOUNT) is None else "settled",
            "amount": refill.number(AMOUNT),
            "rate": refill.text(RATE),
            "currency": refill.currency,
        },
    }


def withholding_changed(state: AccountState, release: WithholdingChanged) -> Data:
    """A change of target or rate."""
    return {
        "account": state.account,
        "livemode": state.livemode,
        "withholding": _withholding(release.withholding),
        "previous": _withholding(release.previous),
        "revision": release.revision,
    }


def transaction(state: AccountState, recorded: Transaction) -> Data:
    """A transaction."""
    return {
        "account": state.account,
        "livemode": state.livemode,
        "transaction": {
            "id": recorded.id,
            "type": recorded.type,
            "reason": recorded.reason,
            "offer": recorded.offer,
            "advance_amount": recorded.advance_amount,
            "fee_amount": recorded.fee_amount,
            "total_amount": recorded.total_amount,
            "currency": recorded.currency,
            "created_at": _time(recorded.created_at),
            "reversed_transaction": recorded.reversed_transaction,
        },
    }


def summary_observed(state: AccountState, summary: Summary, revision: int) -> Data:
    """A summary that shows something new."""
    return {"account": state.account, "livemode": state.livemode, "summary": _summary(summary), "revision": revision}


def line_of_credit(state: AccountState, summary: Summary) -> Data:
    """A line of credit's new terms."""
    return {"account": state.account, "livemode": state.livemode, "summary": _summary(summary)}


def attention(state: AccountState, release: AttentionRaised) -> Data:
    """What a person should look at."""
    return {
        "account": state.account,
        "livemode": state.livemode,
        "reason": release.reason,
        "subject": release.subject,
        "detail": release.detail,
    }


def _offer(offer: Offer, shown: Mapping[str, Value]) -> Data:
    """An offer; `shown` are its fields' values by their paths."""
    status = offer.status
    return {
        "id": offer.id,
        "product_type": shown.get("product_type"),
        "financing_type": shown.get("financing_type"),
        # The serializer takes a microsecond for a member of an enumeration.
        "status": status and str(status),
        "currency": offer.currency,
        "offered_terms": _terms(shown, OFFERED),
        "accepted_terms": _terms(shown, ACCEPTED),
        "discount": {
            "state": state_of(offer),
            "amount": offer.number(AMOUNT) if offer.is_refill else None,
            "rate": offer.text(RATE) if offer.is_refill else None,
        },
        "created_at": _time(offer.number("created")),
        "expires_at": _time(offer.number("expires_after")),
        "replacement_for": shown.get("replacement_for"),
    }


def _terms(shown: Mapping[str, Value], paths: Mapping[str, str]) -> Data | None:
    """Terms as far as they are known; None where none of them is."""
    values = {name: shown.get(path) for name, path in paths.items()}
    return None if set(values.values()) == NOTHING else values


def _refill(offer: Offer) -> Data | None:
    """Null for what refills nothing, and for a refill whose original is not known."""
    link = offer.link
    if link is None:
        return None
    return {"original": link.original, "method": link.method, "confidence": link.confidence}


def _withholding(withholding: Withholding | None) -> Data | None:
    return None if withholding is None else {"offer": withholding.offer, "rate": withholding.rate}


def _summary(summary: Summary) -> Data:
    interval = summary.current_repayment_interval
    return {
        "status": summary.status,
        "offer": summary.offer,
        "advance_amount": summary.advance_amount,
        "fee_amount": summary.fee_amount,
        "paid_amount": summary.paid_amount,
        "remaining_amount": summary.remaining_amount,
        "currency": summary.currency,
        "withhold_rate": summary.withhold_rate,
        "current_repayment_interval": interval
        and {
            "due_at": _time(interval.due_at),
            "paid_amount": interval.paid_amount,
            "remaining_amount": interval.remaining_amount,
        },
    }


# An offer shows the same few times in each of its notifications.
@lru_cache(maxsize=8_192)
def _text(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def _time(seconds: int | None) -> str | None:
    """Seconds since the epoch as RFC 3339 UTC."""
    return None if seconds is None else _text(seconds)
