"""Records: the shapes of what lies on the events topic: Stripe's events, answers of its API, and commands."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool

from schemas.stripe_objects import (
    Identifier,
    Millisecond,
    OfferObject,
    Second,
    Shape,
    SummaryObject,
    TransactionObject,
    Word,
)


def _text(value: object) -> object:
    return value if isinstance(value, str) else None


class AttributedObject(Shape):
    """The part of an event's object that says whose it is."""

    id: Annotated[str | None, BeforeValidator(_text)] = None
    account: Identifier | None = None


class AttributedData(Shape):
    """The event's `data`, as far as attribution reads it."""

    object: AttributedObject | None = None


class Attribution(Shape):
    """What makes a record attributable: an id, a type, one account and a boolean livemode."""

    id: Identifier
    type: Word
    livemode: StrictBool
    account: Identifier | None = None
    data: AttributedData


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


class OwnedOffer(OfferObject):
    """An offer that says whose it is."""

    account: Identifier | None = None


class _OwnedOfferData(Shape):
    object: OwnedOffer


class WholeOfferEvent(Shape):
    """What `Attribution` and `OfferEventRecord` read of an offer's event, in one."""

    id: Identifier
    type: Word
    livemode: StrictBool
    account: Identifier | None = None
    created: Second
    data: _OwnedOfferData


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
    """The answer about one offer; nothing shown where Stripe has no such offer.

    It announces the offer where nobody had asked and somebody brought it for downstream to hear of.
    """

    due: Millisecond
    offer: Identifier
    shown: OfferObject | None
    announces: StrictBool = False


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
    """What an operator asks: why, and for a discard which parked record; offsets of a replaced topic are below 0."""

    reason: str = ""
    record_offset: int | None = None


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
