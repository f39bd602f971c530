"""Decoding: whose a record is and what it says; it never raises for what is in a record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from schemas.plain import plain
from schemas.records import (
    Attribution,
    DatedRecord,
    OfferEventRecord,
    SummaryEventRecord,
    TransactionEventRecord,
    WholeOfferEvent,
)
from worker.consumer.facts import proven_in, snapshot_in, snapshot_of, summary_of, transaction_of
from worker.consumer.observations import READERS
from worker.ports import AccountKey, Record
from worker.rules.facts import Fact, LineOfCreditEvent, OfferEvent, Snapshot, TransactionEvent, UnknownEvent
from worker.rules.milestones import Milestone

# Stripe sends no event for `replaced`: the replacement's own event is the only word of it.
MILESTONES: Final[Mapping[str, Milestone]] = {
    f"capital.financing_offer.{milestone}": milestone for milestone in Milestone if milestone != Milestone.REPLACED
} | {"capital.financing_offer.replacement_created": Milestone.CREATED}

WHOLE: Final = plain(WholeOfferEvent)
# By the header that the ingress writes; it only says which way of reading to try first.
LIKELY_OFFERS: Final = frozenset(("ce_type", f"com.stripe.{name}".encode()) for name in MILESTONES)
NO_VALUE: Final = "the record has no value"


@dataclass(frozen=True, slots=True)
class Attributed:
    """A record that names its account."""

    record: Record
    key: AccountKey
    id: str
    type: str


@dataclass(frozen=True, slots=True)
class Unattributable:
    """A record that names no account, or several; it concerns nobody's order."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Understood:
    """What an attributed record says; `created` is the event's, in seconds."""

    fact: Fact
    created: int
    object_id: str | None


@dataclass(frozen=True, slots=True)
class Invalid:
    """Why an attributed record cannot be applied."""

    reason: str


def read_offer_event(record: Record) -> tuple[Attributed, Understood] | None:
    """Whose an offer's event is and what it says, in one pass over its bytes; None wherever that is not plain.

    Most records are offers' events. `attribute` and `interpret` read them to the same end, and say what is wrong.
    """
    if record.value is None or LIKELY_OFFERS.isdisjoint(record.headers):
        return None
    try:
        event = WHOLE.validate_json(record.value)
    except ValidationError:
        return None
    offer = event["data"]["object"]
    account, inside = event.get("account"), offer.get("account")
    owner = account or inside
    milestone = MILESTONES.get(event["type"])
    if owner is None or milestone is None or (inside is not None and inside != owner):
        return None
    attributed = Attributed(record, (event["livemode"], owner), event["id"], event["type"])
    snapshot = snapshot_in(offer, event["created"], attributed.id)
    return attributed, _offer_event(attributed, milestone, snapshot, offer.get("status"))


def attribute(record: Record) -> Attributed | Unattributable:
    """Whose a record is, by its body alone: a key is no evidence."""
    if record.value is None:
        return Unattributable(record, NO_VALUE)
    try:
        body = Attribution.model_validate_json(record.value)
    except ValidationError as error:
        return Unattributable(record, reason_of(error))
    inside = body.data.object.account if body.data.object else None
    named = {account for account in (body.account, inside) if account is not None}
    if len(named) != 1:
        return Unattributable(record, "the event names two accounts" if named else "the event names no account")
    return Attributed(record, (body.livemode, named.pop()), body.id, body.type)


def is_ours(attributed: Attributed) -> bool:
    """Whether the header itself bears the type: Stripe's events bear `com.stripe.` before it, so none can pass."""
    return ("ce_type", attributed.type.encode()) in attributed.record.headers


def interpret(attributed: Attributed) -> Understood | Invalid:
    """What an attributed record says, as a fact the rules can decide."""
    try:
        return _reader(attributed)(attributed)
    except ValidationError as error:
        return Invalid(reason_of(error))


def _reader(attributed: Attributed) -> Callable[[Attributed], Understood]:
    event_type = attributed.type
    if event_type in MILESTONES:
        return _offer
    if event_type == "capital.financing_transaction.created":
        return _transaction
    if event_type == "capital.financing_summary.line_of_credit_update":
        return _line_of_credit
    if event_type in READERS and is_ours(attributed):
        return _observation
    return _unknown


def _observation(attributed: Attributed) -> Understood:
    record = attributed.record
    fact, created = READERS[attributed.type](record.value or b"", attributed.id, record.timestamp // 1000)
    return Understood(fact, created, None)


def _offer(attributed: Attributed) -> Understood:
    event = OfferEventRecord.model_validate_json(attributed.record.value or b"")
    offer = event.data.object
    snapshot = snapshot_of(offer, event.created, attributed.id)
    return _offer_event(attributed, MILESTONES[attributed.type], snapshot, offer.status)


def _offer_event(attributed: Attributed, milestone: Milestone, snapshot: Snapshot, status: str | None) -> Understood:
    fact = OfferEvent(
        milestone=milestone,
        snapshot=snapshot,
        proves=proven_in(status, snapshot),
        replaces=attributed.type.endswith(".replacement_created"),
    )
    return Understood(fact, snapshot.created, snapshot.offer)


def _transaction(attributed: Attributed) -> Understood:
    event = TransactionEventRecord.model_validate_json(attributed.record.value or b"")
    transaction = transaction_of(event.data.object)
    return Understood(TransactionEvent(transaction, event.created, attributed.id), event.created, transaction.id)


def _line_of_credit(attributed: Attributed) -> Understood:
    event = SummaryEventRecord.model_validate_json(attributed.record.value or b"")
    return Understood(LineOfCreditEvent(summary_of(event.data.object), attributed.id), event.created, None)


def _unknown(attributed: Attributed) -> Understood:
    event = DatedRecord.model_validate_json(attributed.record.value or b"")
    return Understood(UnknownEvent(attributed.type), event.created, None)


def reason_of(error: ValidationError) -> str:
    """The first thing wrong, by its place and kind; never what stood there."""
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in detail["loc"])
    return f"{where}: {detail['msg']}" if where else str(detail["msg"])
