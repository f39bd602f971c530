"""Stripe's objects as they stand in events and answers, as far as the rules need them; never wider than that.

Unknown fields are ignored and unknown words kept, because Stripe adds both without notice. What is checked is what
would break a table or a decision: types, ranges, and text that no database can hold.
"""

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import Annotated

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

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


# Whole seconds since the epoch; Stripe sends some times as floats, and their fraction means nothing. The bounds stand
# first, though they are checked last: behind a function they would be functions, too, called for each time.
Second = Annotated[int, Field(ge=0, le=LATEST_SECOND), BeforeValidator(_whole)]


# Milliseconds since the epoch, as Kafka counts them.
Millisecond = Annotated[int, Field(ge=0, le=LATEST_SECOND * 1000)]


def canonical(rate: object) -> str:
    """A rate as the one decimal string that equals it: 0.150 and 0.15 are the same rate, and 0 is "0".

    Raises ValueError where it is no number from 0 to a million with at most 30 digits.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float | str):
        raise ValueError("a rate is a number")  # noqa: TRY004 - pydantic reports only a ValueError as an invalid field
    return _canonical(rate) if isinstance(rate, str) else _canonical_number(rate)


# Stripe's rates are few, and each comes again and again. A text may be long, so it is not remembered.
@lru_cache(maxsize=1_024)
def _canonical_number(rate: float) -> str:
    return _canonical(str(rate))


def _canonical(rate: str) -> str:
    try:
        number = Decimal(rate)
    except InvalidOperation:
        raise ValueError("a rate is a number") from None
    # An exponent is short to write, and its digits would fill the memory.
    long = len(number.as_tuple().digits) > LONGEST_RATE or (
        number.is_finite() and abs(number.adjusted()) > LONGEST_RATE
    )
    if not number.is_finite() or not 0 <= number <= LARGEST_RATE or long:
        raise ValueError("a rate is a number from 0 to a million")
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).removeprefix("-")


Rate = Annotated[
    str,
    StringConstraints(max_length=80),
    BeforeValidator(canonical),
    WithJsonSchema({"type": ["number", "string"], "description": "From 0 to a million; 0.15 are 15 %."}),
]


class Shape(BaseModel):
    """What all shapes share: unknown fields ignored, values frozen, nothing of the input in an error's text."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


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
