"""Notifications: a release of the rules as the outbox entry that other services will read."""

from dataclasses import dataclass
from typing import assert_never

from pydantic_core import to_json

from worker.consumer import wording
from worker.ports import Entry
from worker.rules.facts import Cause
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
    """A release in the words of the outside: id without its mode, type without its frame, subject and data."""

    identity: str
    kind: str
    subject: str
    data: wording.Data


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its outbox number, the offset of the record that released it, its sequence."""

    number: int
    record_offset: int
    sequence: int


def notify(state: AccountState, release: Release, cause: Cause, place: Place) -> Entry:
    """The entry of a release: ids fixed by their cause, time by the record's."""
    described = _describe(state, release)
    return Entry(
        destination="notifications",
        number=place.number,
        record_offset=place.record_offset,
        livemode=state.livemode,
        account=state.account,
        sequence=place.sequence,
        id=f"{'live' if state.livemode else 'test'}:{described.identity}",
        type=f"capital.{described.kind}.v1",
        subject=described.subject,
        time=cause.timestamp,
        causation_id=cause.id,
        key=state.account.encode(),
        value=to_json(described.data),
    )


def _describe(state: AccountState, release: Release) -> Described:
    account = state.account
    match release:
        case MilestoneReleased(offer=offer, milestone=milestone):
            data = wording.milestone(state, release)
            return Described(f"{offer.id}:{milestone}", f"offer.{milestone}", offer.id, data)
        case TransactionRecorded(transaction):
            recorded = wording.transaction(state, transaction)
            return Described(f"{transaction.id}:recorded", "transaction.recorded", transaction.id, recorded)
        case LineOfCreditUpdated(event, summary):
            updated = wording.line_of_credit(state, summary)
            return Described(f"{event}:line_of_credit", "line_of_credit.updated", account, updated)
        case AttentionRaised(reason, subject):
            identity = f"{account}:attention:{reason}:{subject}"
            return Described(identity, "account.attention", subject, wording.attention(state, release))
        case _:
            return _describe_refill(state, release)


def _describe_refill(
    state: AccountState, release: RefillLinked | DiscountSettled | WithholdingChanged | SummaryChanged
) -> Described:
    """The kinds that a refill brings with it, or that follow from asking Stripe."""
    account = state.account
    match release:
        case RefillLinked(refill, _, revision):
            linked = wording.linked(state, release)
            return Described(f"{refill}:linked:{revision}", "refill.linked", refill, linked)
        case DiscountSettled(refill=offer):
            settled = wording.discount_settled(state, offer)
            return Described(f"{offer.id}:discount_settled", "refill.discount_settled", offer.id, settled)
        case WithholdingChanged(revision=revision):
            changed = wording.withholding_changed(state, release)
            return Described(f"{account}:withholding:{revision}", "withholding.changed", account, changed)
        case SummaryChanged(summary, revision):
            observed = wording.summary_observed(state, summary, revision)
            return Described(f"{account}:summary:{revision}", "summary.observed", account, observed)
        case _:
            assert_never(release)
