"""Facts from Stripe's objects: validated shapes become what the rules know; nothing is concluded here."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from pydantic import BaseModel

from schemas.plain import Plain
from schemas.stripe_objects import (
    AcceptedTerms,
    OfferedTerms,
    OfferObject,
    RepaymentIntervalObject,
    StatusTransitions,
    SummaryDetails,
    SummaryObject,
    TransactionDetails,
    TransactionObject,
)
from worker.rules.facts import RepaymentInterval, Snapshot, Summary, Transaction, Value
from worker.rules.milestones import Milestone
from worker.rules.statuses import proven_by

# Who the offer is, whose, and what its `status` says: none of it is merged.
NOT_FIELDS: Final = frozenset({"id", "account", "status"})
ACCEPTED: Final = frozenset(
    {"status_transitions.accepted_at", *(f"accepted_terms.{name}" for name in AcceptedTerms.model_fields)}
)
# Paths made once: a dozen made for every event, and kept with every offer, cost time and a quarter of its memory.
PATHS: Final[Mapping[str, Mapping[str, str]]] = {
    outer: {inner: f"{outer}.{inner}" for inner in shape.model_fields}
    for outer, shape in (
        ("offered_terms", OfferedTerms),
        ("accepted_terms", AcceptedTerms),
        ("status_transitions", StatusTransitions),
    )
}
TIMES: Final = {f"status_transitions.{milestone}_at": milestone for milestone in Milestone}


def snapshot_of(offer: OfferObject, created: int, event_id: str) -> Snapshot:
    """An offer's known fields by their paths; `created` in seconds is the event's, to rank the snapshot by."""
    return Snapshot(offer.id, dict(_known(offer, "")), created, event_id)


def snapshot_in(offer: Plain, created: int, event_id: str) -> Snapshot:
    """The same of an offer as plain data."""
    fields: dict[str, Value] = {}
    for name, value in offer.items():
        if value is None or name in NOT_FIELDS:
            continue
        if isinstance(value, dict):
            paths = PATHS[name]
            for inner, known in value.items():
                if known is not None:
                    fields[paths[inner]] = known
        else:
            fields[name] = value
    return Snapshot(offer["id"], fields, created, event_id)


def _known(shape: BaseModel, path: str) -> Iterator[tuple[str, Value]]:
    for name, value in shape:
        if value is None or name in NOT_FIELDS:
            continue
        if isinstance(value, BaseModel):
            yield from _known(value, f"{path}{name}.")
        else:
            yield path + name, value


def accepted_in(snapshot: Snapshot) -> bool:
    """Whether a snapshot shows accepted terms or a time of acceptance."""
    return not ACCEPTED.isdisjoint(snapshot.fields)


def proven_in(status: str | None, snapshot: Snapshot) -> frozenset[Milestone]:
    """The milestones a snapshot proves, by its status and by every time it shows.

    A status names one milestone: of an offer that was canceled after its payout, only `paid_out_at` shows the payout.
    """
    timed = {milestone for name, milestone in TIMES.items() if name in snapshot.fields}
    return _shared(proven_by(status, accepted=accepted_in(snapshot)) | timed)


@cache
def _shared(milestones: frozenset[Milestone]) -> frozenset[Milestone]:
    """The same object for the same milestones: every event in memory keeps what it proves, and there are few ways."""
    return milestones


def transaction_of(transaction: TransactionObject) -> Transaction:
    """A transaction as the rules record it."""
    details = transaction.details or TransactionDetails()
    return Transaction(
        id=transaction.id,
        type=transaction.type,
        reason=details.reason,
        offer=transaction.financing_offer,
        advance_amount=details.advance_amount,
        fee_amount=details.fee_amount,
        total_amount=details.total_amount,
        currency=details.currency,
        created_at=transaction.created,
        reversed_transaction=details.reversed_transaction,
    )


def summary_of(summary: SummaryObject) -> Summary:
    """A summary as the rules compare it."""
    details = summary.details or SummaryDetails()
    interval = details.current_repayment_interval
    return Summary(
        status=summary.status,
        offer=summary.financing_offer,
        advance_amount=details.advance_amount,
        fee_amount=details.fee_amount,
        paid_amount=details.paid_amount,
        remaining_amount=details.remaining_amount,
        currency=details.currency,
        withhold_rate=details.withhold_rate,
        current_repayment_interval=None if interval is None else _interval(interval),
    )


def _interval(interval: RepaymentIntervalObject) -> RepaymentInterval:
    return RepaymentInterval(interval.due_at, interval.paid_amount, interval.remaining_amount)
