"""Records: the shapes of what lies on the events topic: Stripe's events, answers of its API, and commands."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StringConstraints

from schemas.stripe_objects import (
    Identifier,
    Millisecond,
    OfferObject,
    Rate,
    Second,
    Shape,
    SummaryObject,
    TransactionObject,
    Word,
)

# What a notification's id is without its mode: two ids and a few words at most.
Identity = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,1000}$")]


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


class ToldLink(Shape):
    """The last word on a refill's link that downstream was told."""

    refill: Identifier
    original: Identifier | None
    method: Literal["only_candidate", "latest_candidate", "transaction", "inherited"] | None
    confidence: Literal["inferred", "confirmed", "ambiguous"] | None
    revision: Annotated[int, Field(ge=1)]


class ToldWithholding(Shape):
    """The last target and rate that downstream was told."""

    offer: Identifier
    rate: Rate | None


class ToldObject(Shape):
    """What downstream was told of an account: how much, the last of what may be revised, and what came too early.

    `digest` is of all of it in order, so that it can be recognised later.
    """

    sequence: Annotated[int, Field(ge=0)]
    digest: Word
    links: list[ToldLink]
    withholding: ToldWithholding | None
    withholding_revision: Annotated[int, Field(ge=0)]
    summary: SummaryObject | None
    summary_revision: Annotated[int, Field(ge=0)]
    foretold: list[Identity]


class RebuildObject(Shape):
    """An account as its records make it by today's rules, and what downstream is owed of it, by identity, in order.

    `digest` is of the state that the records before this one make.
    """

    reason: str = ""
    digest: Word
    told: ToldObject
    owed: list[Identity]


class _CommandData(Shape):
    object: CommandObject


class _RebuildData(Shape):
    object: RebuildObject


class RebuildRecord(Shape):
    """A `capital.command.rebuild`."""

    created: Second
    data: _RebuildData


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
