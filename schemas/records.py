"""Records: the shapes of Stripe's objects inside events, as far as the rules need them; never wider than that.

Unknown fields are ignored and unknown words kept, because Stripe adds both without notice. What is checked is what
would break a table or a decision: types, ranges, and text that no database can hold.
"""

from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

# Stripe's ids and words: printable ASCII without spaces, so that they are safe in headers, keys, logs and columns.
Identifier = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,255}$")]

LATEST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z: the last second RFC 3339 can write.
LARGEST_AMOUNT = 2**63 - 1
LARGEST_RATE = 1_000_000
LONGEST_RATE = 30

Amount = Annotated[int, Field(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT)]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and isfinite(value) else value


# Whole seconds since the epoch; Stripe sends some times as floats, and their fraction means nothing.
Second = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=LATEST_SECOND)]


# Milliseconds since the epoch, as Kafka counts them.
Millisecond = Annotated[int, Field(ge=0, le=LATEST_SECOND * 1000)]


def canonical(rate: object) -> str:
    """A rate as the one decimal string that equals it: 0.150 and 0.15 are the same rate, and 0 is "0".

    Raises ValueError where it is no number from 0 to a million with at most 30 digits.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float | str):
        raise ValueError("a rate is a number")  # noqa: TRY004 - pydantic reports only a ValueError as an invalid field
    try:
        number = Decimal(str(rate))
    except InvalidOperation:
        raise ValueError("a rate is a number") from None
    if not number.is_finite() or not 0 <= number <= LARGEST_RATE or len(number.as_tuple().digits) > LONGEST_RATE:
        raise ValueError("a rate is a number from 0 to a million")
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).removeprefix("-")


Rate = Annotated[str, BeforeValidator(canonical), StringConstraints(max_length=80)]


class Shape(BaseModel):
    """What all shapes share: unknown fields ignored, values frozen, nothing of the input in an error's text."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class AttributedObject(Shape):
    """The part of an event's object that says whose it is."""

    id: str | None = None
    account: Identifier | None = None


class AttributedData(Shape):
    """The event's `data`, as far as attribution reads it."""

    object: AttributedObject


class Attribution(Shape):
    """What makes a record attributable: an id, a type, one account and a boolean livemode."""

    id: Identifier
    type: Word
    livemode: StrictBool
    account: Identifier | None = None
    data: AttributedData


class OfferedTerms(Shape):
    """What Stripe offers."""

    advance_amount: Amount | None = None
    fee_amount: Amount | None = None
    currency: Word | None = None
    withhold_rate: Rate | None = None
    campaign_type: Word | None = None
    previous_financing_fee_discount_rate: Rate | None = None


class AcceptedTerms(Shape):
    """What the merchant chose."""

    advance_amount: Amount | None = None
    fee_amount: Amount | None = None
    currency: Word | None = None
    withhold_rate: Rate | None = None
    previous_financing_fee_discount_amount: Amount | None = None


class StatusTransitions(Shape):
    """Effective times, where Stripe sends them."""

    accepted_at: Second | None = None
    canceled_at: Second | None = None
    fully_repaid_at: Second | None = None
    paid_out_at: Second | None = None
    rejected_at: Second | None = None
    replaced_at: Second | None = None


class OfferObject(Shape):
    """A financing offer. The API calls its creation time `created`, the page's example `created_at`."""

    id: Identifier
    status: Word | None = None
    created: Second | None = Field(default=None, validation_alias=AliasChoices("created", "created_at"))
    expires_after: Second | None = None
    product_type: Word | None = None
    financing_type: Word | None = Field(default=None, validation_alias=AliasChoices("financing_type", "type"))
    offered_terms: OfferedTerms | None = None
    accepted_terms: AcceptedTerms | None = None
    disclaimer_variant: Word | None = None
    charged_off_at: Second | None = None
    replacement: Identifier | None = None
    replacement_for: Identifier | None = None
    status_transitions: StatusTransitions | None = None


class TransactionDetails(Shape):
    """Amounts and the reason of a transaction."""

    advance_amount: Amount | None = None
    fee_amount: Amount | None = None
    total_amount: Amount | None = None
    currency: Word | None = None
    reason: Word | None = None
    reversed_transaction: Identifier | None = None


class TransactionObject(Shape):
    """A financing transaction."""

    id: Identifier
    type: Word | None = None
    created: Second | None = Field(default=None, validation_alias=AliasChoices("created", "created_at"))
    details: TransactionDetails | None = None
    financing_offer: Identifier | None = None


class RepaymentIntervalObject(Shape):
    """The interval a summary says is being repaid now."""

    due_at: Second | None = None
    paid_amount: Amount | None = None
    remaining_amount: Amount | None = None


class SummaryDetails(Shape):
    """The figures of a summary."""

    advance_amount: Amount | None = None
    fee_amount: Amount | None = None
    paid_amount: Amount | None = None
    remaining_amount: Amount | None = None
    currency: Word | None = None
    withhold_rate: Rate | None = None
    current_repayment_interval: RepaymentIntervalObject | None = None


class SummaryObject(Shape):
    """A financing summary: one per account, so under stacking it shows one of two financings."""

    status: Word | None = None
    financing_offer: Identifier | None = None
    details: SummaryDetails | None = None


class _OfferData(Shape):
    object: OfferObject


class _TransactionData(Shape):
    object: TransactionObject


class _SummaryData(Shape):
    object: SummaryObject


class OfferEventRecord(Shape):
    """A `capital.financing_offer.*` event."""

    created: Second
    data: _OfferData


class TransactionEventRecord(Shape):
    """A `capital.financing_transaction.created` event."""

    created: Second
    data: _TransactionData


class SummaryEventRecord(Shape):
    """A `capital.financing_summary.*` event."""

    created: Second
    data: _SummaryData


class SurveyObject(Shape):
    """One chunk of a survey."""

    due: Millisecond
    survey: Identifier
    chunk: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]
    country: Word | None
    offers: list[OfferObject]


class OfferAnswerObject(Shape):
    """The answer about one offer; nothing shown where Stripe has no such offer."""

    due: Millisecond
    offer: Identifier
    shown: OfferObject | None


class SummaryAnswerObject(Shape):
    """The answer about an account's summary."""

    due: Millisecond
    shown: SummaryObject | None


class FailedObject(Shape):
    """A question that was given up."""

    due: Millisecond
    kind: Literal["survey", "offer", "summary"]
    subject: Word | Literal[""]
    reason: str


class CommandObject(Shape):
    """What an operator asks: why, and for a discard which parked record, by its offset."""

    reason: str = ""
    record_offset: Annotated[int, Field(ge=0)] | None = None


class _CommandData(Shape):
    object: CommandObject


class CommandRecord(Shape):
    """A `capital.command.redrive` or `capital.command.discard`."""

    created: Second
    data: _CommandData


class _SurveyData(Shape):
    object: SurveyObject


class _OfferAnswerData(Shape):
    object: OfferAnswerObject


class _SummaryAnswerData(Shape):
    object: SummaryAnswerObject


class _FailedData(Shape):
    object: FailedObject


class SurveyRecord(Shape):
    """A `capital.observation.survey`."""

    created: Second
    data: _SurveyData


class OfferAnswerRecord(Shape):
    """A `capital.observation.offer`."""

    created: Second
    data: _OfferAnswerData


class SummaryAnswerRecord(Shape):
    """A `capital.observation.summary`."""

    created: Second
    data: _SummaryAnswerData


class FailedRecord(Shape):
    """A `capital.observation.failed`."""

    created: Second
    data: _FailedData


class DatedRecord(Shape):
    """Any capital event: what even an unknown type must have to be kept in the event log."""

    created: Second
