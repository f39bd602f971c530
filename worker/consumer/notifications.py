"""Notifications: a release of the rules as the outbox entry that other services will read."""

from dataclasses import dataclass
from typing import assert_never

from pydantic_core import to_json

from worker.consumer import wording
from worker.ports import Entry
from worker.rules.facts import Cause
from worker.rules.identities import identity_of
from worker.rules.releases import (
    AttentionRaised,
    DiscountSettled,
    LineOfCreditUpdated,
    MilestoneReleased,
    RefillLinked,
    Release,
    SummaryChanged,
    TransactionRecorded,
    WithholdingChanged,
)
from worker.rules.state import AccountState


@dataclass(frozen=True, slots=True)
class Described:
    """A release in the words of the outside: type without its frame, subject and data."""

    kind: str
    subject: str
    data: wording.Data


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its outbox number, the offset of the record that released it, its sequence."""

    number: int
    record_offset: int
    sequence: int


def notify(state: AccountState, release: Release, cause: Cause, place: Place, traceparent: str | None = None) -> Entry:
    """The entry of a release: ids fixed by their cause; time, and the trace if there is one, by the record's."""
    described = _describe(state, release)
    return Entry(
        destination="notifications",
        number=place.number,
        record_offset=place.record_offset,
        livemode=state.livemode,
        account=state.account,
        sequence=place.sequence,
        id=f"{'live' if state.livemode else 'test'}:{identity_of(state.account, release)}",
        type=f"capital.{described.kind}.v1",
        subject=described.subject,
        time=cause.timestamp,
        causation_id=cause.id,
        key=state.account.encode(),
        value=to_json(described.data),
        traceparent=traceparent,
    )


def _describe(state: AccountState, release: Release) -> Described:
    account = state.account
    match release:
        case MilestoneReleased(offer=offer, milestone=milestone):
            return Described(f"offer.{milestone}", offer.id, wording.milestone(state, release))
        case TransactionRecorded(transaction):
            return Described("transaction.recorded", transaction.id, wording.transaction(state, transaction))
        case LineOfCreditUpdated(summary=summary):
            return Described("line_of_credit.updated", account, wording.line_of_credit(state, summary))
        case AttentionRaised(subject=subject):
            return Described("account.attention", subject, wording.attention(state, release))
        case _:
            return _describe_refill(state, release)


def _describe_refill(
    state: AccountState, release: RefillLinked | DiscountSettled | WithholdingChanged | SummaryChanged
) -> Described:
    """The kinds that a refill brings with it, or that follow from asking Stripe."""
    account = state.account
    match release:
        case RefillLinked(refill=refill):
            return Described("refill.linked", refill, wording.linked(state, release))
        case DiscountSettled(refill=offer):
            return Described("refill.discount_settled", offer.id, wording.discount_settled(state, offer))
        case WithholdingChanged():
            return Described("withholding.changed", account, wording.withholding_changed(state, release))
        case SummaryChanged(summary, revision):
            return Described("summary.observed", account, wording.summary_observed(state, summary, revision))
        case _:
            assert_never(release)
