"""Notifications: a release of the rules as the data and the outbox entry that other services will read."""

from datetime import UTC, datetime
from typing import TypeVar, assert_never

from schemas import notifications as schema
from worker.ports import Entry
from worker.rules.facts import Cause, Summary, Transaction
from worker.rules.releases import AttentionRaised, LineOfCreditUpdated, MilestoneReleased, Release, TransactionRecorded
from worker.rules.state import AccountState, Offer

Terms = TypeVar("Terms", schema.OfferedTerms, schema.AcceptedTerms)


def notify(state: AccountState, release: Release, cause: Cause, numbers: tuple[int, int, int]) -> Entry:
    """The entry of a release: ids fixed by their cause, time by the record's.

    `numbers` are the outbox number, the offset of the record that released it, and the account's sequence.
    """
    mode = "live" if state.livemode else "test"
    identity, kind, subject, data = _describe(state, release)
    number, record_offset, sequence = numbers
    return Entry(
        destination="notifications",
        number=number,
        record_offset=record_offset,
        livemode=state.livemode,
        account=state.account,
        sequence=sequence,
        id=f"{mode}:{identity}",
        type=f"capital.{kind}.v1",
        subject=subject,
        time=cause.timestamp,
        causation_id=cause.id,
        key=state.account.encode(),
        value=data.model_dump_json().encode(),
    )


def _describe(state: AccountState, release: Release) -> tuple[str, str, str, schema.Data]:
    """The id without its mode, the type without its frame, the subject and the data of a release."""
    whose = {"account": state.account, "livemode": state.livemode}
    match release:
        case MilestoneReleased():
            offer = release.offer.id
            data: schema.Data = _milestone(state, release)
            return f"{offer}:{release.milestone}", f"offer.{release.milestone}", offer, data
        case TransactionRecorded():
            identity = release.transaction.id
            data = schema.TransactionRecorded(**whose, transaction=_transaction(release.transaction))
            return f"{identity}:recorded", "transaction.recorded", identity, data
        case LineOfCreditUpdated():
            data = schema.LineOfCreditUpdated(**whose, summary=_summary(release.summary))
            return f"{release.event}:line_of_credit", "line_of_credit.updated", state.account, data
        case AttentionRaised():
            reason, subject = release.reason, release.subject
            data = schema.AccountAttention(**whose, reason=reason, subject=subject, detail=release.detail)
            return f"{state.account}:attention:{reason}:{subject}", "account.attention", subject, data
        case _:
            assert_never(release)


def _milestone(state: AccountState, release: MilestoneReleased) -> schema.OfferMilestone:
    offer = release.offer
    return schema.OfferMilestone(
        account=state.account,
        livemode=state.livemode,
        occurred_at=_time(release.occurred_at),
        basis=release.basis,
        late=release.late,
        gap=list(release.gap),
        offer=_offer(offer),
        policy=None,
        refill=None,
        messaging=schema.Messaging(
            product_type=offer.text("product_type"),
            campaign_type=offer.text("offered_terms.campaign_type"),
            disclaimer_variant=offer.text("disclaimer_variant"),
        ),
        active_financings=None,
        withholding=None,
    )


def _offer(offer: Offer) -> schema.Offer:
    return schema.Offer(
        id=offer.id,
        product_type=offer.text("product_type"),
        financing_type=offer.text("financing_type"),
        status=offer.status,
        currency=offer.currency,
        offered_terms=_terms(schema.OfferedTerms, offer, "offered_terms"),
        accepted_terms=_terms(schema.AcceptedTerms, offer, "accepted_terms"),
        discount=None,
        created_at=_time(offer.number("created")),
        expires_at=_time(offer.number("expires_after")),
        replacement_for=offer.text("replacement_for"),
    )


def _terms(shape: type[Terms], offer: Offer, path: str) -> Terms | None:
    """Terms as far as they are known; None where none of them is."""
    values = {name: offer.value(f"{path}.{name}") for name in shape.model_fields}
    return None if all(value is None for value in values.values()) else shape.model_validate(values)


def _transaction(transaction: Transaction) -> schema.Transaction:
    return schema.Transaction(
        id=transaction.id,
        type=transaction.type,
        reason=transaction.reason,
        offer=transaction.offer,
        advance_amount=transaction.advance_amount,
        fee_amount=transaction.fee_amount,
        total_amount=transaction.total_amount,
        currency=transaction.currency,
        created_at=_time(transaction.created_at),
        reversed_transaction=transaction.reversed_transaction,
    )


def _summary(summary: Summary) -> schema.Summary:
    interval = summary.current_repayment_interval
    return schema.Summary(
        status=summary.status,
        offer=summary.offer,
        advance_amount=summary.advance_amount,
        fee_amount=summary.fee_amount,
        paid_amount=summary.paid_amount,
        remaining_amount=summary.remaining_amount,
        currency=summary.currency,
        withhold_rate=summary.withhold_rate,
        current_repayment_interval=interval
        and schema.RepaymentInterval(
            due_at=_time(interval.due_at),
            paid_amount=interval.paid_amount,
            remaining_amount=interval.remaining_amount,
        ),
    )


def _time(seconds: int | None) -> str | None:
    """Seconds since the epoch as RFC 3339 UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
