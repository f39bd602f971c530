"""Wording: what the rules released, as the data of a notification; unknown is null, and nothing is concluded here."""

from datetime import UTC, datetime
from typing import TypeVar

from schemas import notifications as schema
from worker.rules.discount import AMOUNT, RATE, state_of
from worker.rules.facts import Summary, Transaction
from worker.rules.releases import AttentionRaised, MilestoneReleased, RefillLinked, WithholdingChanged
from worker.rules.state import AccountState, Offer, Withholding

Terms = TypeVar("Terms", schema.OfferedTerms, schema.AcceptedTerms)


def milestone(state: AccountState, release: MilestoneReleased) -> schema.OfferMilestone:
    """One milestone with the offer, and the account's financings, as they are after it."""
    offer = release.offer
    return schema.OfferMilestone(
        account=state.account,
        livemode=state.livemode,
        occurred_at=_time(release.occurred_at),
        basis=release.basis,
        late=release.late,
        gap=list(release.gap),
        offer=_offer(offer),
        policy=schema.Policy(name=release.policy.policy, source=release.policy.source),
        refill=_refill(offer),
        messaging=schema.Messaging(
            product_type=offer.text("product_type"),
            campaign_type=offer.text("offered_terms.campaign_type"),
            disclaimer_variant=offer.text("disclaimer_variant"),
        ),
        active_financings=list(release.active),
        withholding=_withholding(release.withholding),
    )


def linked(state: AccountState, release: RefillLinked) -> schema.RefillLinked:
    """A link, or its withdrawal."""
    link = release.link
    return schema.RefillLinked(
        account=state.account,
        livemode=state.livemode,
        refill=release.refill,
        original=link and link.original,
        method=link and link.method,
        confidence=link and link.confidence,
        revision=release.revision,
    )


def discount_settled(state: AccountState, refill: Offer) -> schema.DiscountSettled:
    """A discount that is known, or known to be none."""
    return schema.DiscountSettled(
        account=state.account,
        livemode=state.livemode,
        refill=refill.id,
        original=refill.link and refill.link.original,
        discount=schema.SettledDiscount(
            state="none" if refill.number(AMOUNT) is None else "settled",
            amount=refill.number(AMOUNT),
            rate=refill.text(RATE),
            currency=refill.currency,
        ),
    )


def withholding_changed(state: AccountState, release: WithholdingChanged) -> schema.WithholdingChanged:
    """A change of target or rate."""
    return schema.WithholdingChanged(
        account=state.account,
        livemode=state.livemode,
        withholding=_withholding(release.withholding),
        previous=_withholding(release.previous),
        revision=release.revision,
    )


def transaction(state: AccountState, recorded: Transaction) -> schema.TransactionRecorded:
    """A transaction."""
    return schema.TransactionRecorded(
        account=state.account,
        livemode=state.livemode,
        transaction=schema.Transaction(
            id=recorded.id,
            type=recorded.type,
            reason=recorded.reason,
            offer=recorded.offer,
            advance_amount=recorded.advance_amount,
            fee_amount=recorded.fee_amount,
            total_amount=recorded.total_amount,
            currency=recorded.currency,
            created_at=_time(recorded.created_at),
            reversed_transaction=recorded.reversed_transaction,
        ),
    )


def summary_observed(state: AccountState, summary: Summary, revision: int) -> schema.SummaryObserved:
    """A summary that shows something new."""
    return schema.SummaryObserved(
        account=state.account, livemode=state.livemode, summary=_summary(summary), revision=revision
    )


def line_of_credit(state: AccountState, summary: Summary) -> schema.LineOfCreditUpdated:
    """A line of credit's new terms."""
    return schema.LineOfCreditUpdated(account=state.account, livemode=state.livemode, summary=_summary(summary))


def attention(state: AccountState, release: AttentionRaised) -> schema.AccountAttention:
    """What a person should look at."""
    return schema.AccountAttention(
        account=state.account,
        livemode=state.livemode,
        reason=release.reason,
        subject=release.subject,
        detail=release.detail,
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
        discount=schema.OfferDiscount(
            state=state_of(offer),
            amount=offer.number(AMOUNT) if offer.is_refill else None,
            rate=offer.text(RATE) if offer.is_refill else None,
        ),
        created_at=_time(offer.number("created")),
        expires_at=_time(offer.number("expires_after")),
        replacement_for=offer.text("replacement_for"),
    )


def _terms(shape: type[Terms], offer: Offer, path: str) -> Terms | None:
    """Terms as far as they are known; None where none of them is."""
    values = {name: offer.value(f"{path}.{name}") for name in shape.model_fields}
    return None if all(value is None for value in values.values()) else shape.model_validate(values)


def _refill(offer: Offer) -> schema.Refill | None:
    """Null for what refills nothing, and for a refill whose original is not known."""
    link = offer.link
    if link is None:
        return None
    return schema.Refill(original=link.original, method=link.method, confidence=link.confidence)


def _withholding(withholding: Withholding | None) -> schema.Withholding | None:
    return None if withholding is None else schema.Withholding(offer=withholding.offer, rate=withholding.rate)


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
