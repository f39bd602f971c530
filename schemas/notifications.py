"""Notifications: the data of each notification type; a released version only ever grows."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field


class Data(BaseModel):
    """What all data shares: unknown is null and never 0, and no field is ever left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# No reader needs a float.
Time = Annotated[str, Field(description="RFC 3339, in UTC.", json_schema_extra={"format": "date-time"})]
Rate = Annotated[str, Field(description="A decimal string: 0.15 are 15 %.")]
Amount = Annotated[int, Field(description="In the currency's minor unit.")]
BasisName = Literal["event", "api", "implied"]


class OfferedTerms(Data):
    """What Stripe offered."""

    advance_amount: Amount | None
    fee_amount: Amount | None
    currency: str | None
    withhold_rate: Rate | None
    campaign_type: str | None
    previous_financing_fee_discount_rate: Rate | None


class AcceptedTerms(Data):
    """What the merchant chose."""

    advance_amount: Amount | None
    fee_amount: Amount | None
    currency: str | None
    withhold_rate: Rate | None
    previous_financing_fee_discount_amount: Amount | None


class OfferDiscount(Data):
    """The discount on the fee of the financing that a refill refills."""

    state: Literal["not_applicable", "pending", "none", "settled", "undetermined"]
    amount: Amount | None
    rate: Rate | None


class Offer(Data):
    """A financing offer as it is after the release."""

    id: str
    product_type: str | None
    financing_type: str | None
    status: str | None
    currency: str | None
    offered_terms: OfferedTerms | None
    accepted_terms: AcceptedTerms | None
    discount: OfferDiscount
    created_at: Time | None
    expires_at: Time | None
    replacement_for: str | None


class Policy(Data):
    """How refills behave for the account, and where that is known from."""

    name: Literal["stacked", "paydown", "unknown"]
    source: str | None


class Refill(Data):
    """Which financing a refill refills, how that was found, and how sure it is."""

    original: str
    method: str
    confidence: str


class Messaging(Data):
    """What chooses the approved wording and disclaimers of a message to the merchant."""

    product_type: str | None
    campaign_type: str | None
    disclaimer_variant: str | None


class Withholding(Data):
    """From which financing's repayment Stripe withholds, and at which rate."""

    offer: str
    rate: Rate | None


class OfferMilestone(Data):
    """One milestone of one offer, told once, after everything that comes before it."""

    account: str
    livemode: bool
    occurred_at: Time | None = Field(description="When it happened, as far as Stripe said; null where nobody did.")
    basis: BasisName = Field(
        description="How it is known: an event, an answer of the API, or what a later step implies."
    )
    late: bool = Field(description="True where a stronger milestone was told before: the status stays as it is.")
    gap: list[str] = Field(description="OFFER:MILESTONE that should have come before and could not be proven.")
    offer: Offer
    policy: Policy
    refill: Refill | None
    messaging: Messaging
    active_financings: list[str] = Field(description="Paid out and not ended, oldest payout first.")
    withholding: Withholding | None


class Transaction(Data):
    """Money that moved: a payment, a payout or a reversal."""

    id: str
    type: str | None
    reason: str | None
    offer: str | None
    advance_amount: Amount | None
    fee_amount: Amount | None
    total_amount: Amount | None
    currency: str | None
    created_at: Time | None
    reversed_transaction: str | None


class TransactionRecorded(Data):
    """A transaction, told once."""

    account: str
    livemode: bool
    transaction: Transaction


class RepaymentInterval(Data):
    """The interval being repaid now."""

    due_at: Time | None
    paid_amount: Amount | None
    remaining_amount: Amount | None


class Summary(Data):
    """The account's financing summary; under stacking it describes one of two financings."""

    status: str | None
    offer: str | None
    advance_amount: Amount | None
    fee_amount: Amount | None
    paid_amount: Amount | None
    remaining_amount: Amount | None
    currency: str | None
    withhold_rate: Rate | None
    current_repayment_interval: RepaymentInterval | None


class LineOfCreditUpdated(Data):
    """A line of credit's terms changed."""

    account: str
    livemode: bool
    summary: Summary


class RefillLinked(Data):
    """Which financing a refill refills: found, confirmed or corrected; null where a told link was withdrawn."""

    account: str
    livemode: bool
    refill: str
    original: str | None
    method: str | None
    confidence: str | None
    revision: int


class SettledDiscount(Data):
    """The discount of a refill; with state `none` there is none, and amount and rate say nothing."""

    state: Literal["none", "settled"]
    amount: Amount | None
    rate: Rate | None
    currency: str | None


class DiscountSettled(Data):
    """The discount of a refill became known, or it became known that there is none."""

    account: str
    livemode: bool
    refill: str
    original: str | None
    discount: SettledDiscount


class WithholdingChanged(Data):
    """Stripe withholds from another financing, or at another rate; null where from none."""

    account: str
    livemode: bool
    withholding: Withholding | None
    previous: Withholding | None
    revision: int


class SummaryObserved(Data):
    """The account's financing summary shows something new."""

    account: str
    livemode: bool
    summary: Summary
    revision: int


class AccountAttention(Data):
    """A person should look; told once for each reason and subject."""

    account: str
    livemode: bool
    reason: Literal[
        "gap",
        "conflict",
        "ambiguous_link",
        "unresolved_link",
        "policy_changed",
        "discount_undetermined",
        "canceled_after_payout",
        "charged_off",
        "quarantined",
    ]
    subject: str
    detail: str


MILESTONES: Final = (
    "created",
    "accepted",
    "paid_out",
    "fully_repaid",
    "canceled",
    "rejected",
    "expired",
    "replaced",
    "accepted_other_offer",
)

TYPES: Final[Mapping[str, type[Data]]] = {
    **{f"capital.offer.{milestone}.v1": OfferMilestone for milestone in MILESTONES},
    "capital.refill.linked.v1": RefillLinked,
    "capital.refill.discount_settled.v1": DiscountSettled,
    "capital.withholding.changed.v1": WithholdingChanged,
    "capital.transaction.recorded.v1": TransactionRecorded,
    "capital.summary.observed.v1": SummaryObserved,
    "capital.line_of_credit.updated.v1": LineOfCreditUpdated,
    "capital.account.attention.v1": AccountAttention,
}


def schema_id(notification_type: str) -> str:
    """What `ce_dataschema` says: the `$id` of the type's JSON Schema."""
    return f"urn:capital-worker:{notification_type}"
