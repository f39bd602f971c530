"""What every peer does with an event: the same model, the same tables, the same statements; only their loops differ.

Parse and validate, an inbox that drops repeats, an upsert that never lets an earlier step overwrite a later one, and
one outbox row for each event that is new. Nothing here orders events by cause, joins refills or waits for anything.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

BATCH: Final = 500
STRENGTH: Final = {
    milestone: strength
    for strength, milestone in enumerate(
        (
            *("created", "expired", "accepted", "accepted_other_offer", "replaced"),
            *("rejected", "paid_out", "fully_repaid", "canceled"),
        )
    )
}
PREFIX: Final = "capital.financing_offer."


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class OfferedTerms(_Model):
    advance_amount: int | None = None
    fee_amount: int | None = None
    currency: str | None = None
    withhold_rate: float | None = None
    campaign_type: str | None = None
    previous_financing_fee_discount_rate: float | None = None


class AcceptedTerms(_Model):
    advance_amount: int | None = None
    fee_amount: int | None = None
    currency: str | None = None
    withhold_rate: float | None = None
    previous_financing_fee_discount_amount: int | None = None


class StatusTransitions(_Model):
    accepted_at: int | None = None
    canceled_at: int | None = None
    fully_repaid_at: int | None = None
    paid_out_at: int | None = None
    rejected_at: int | None = None
    replaced_at: int | None = None


class Offer(_Model):
    id: str | None = None
    account: str | None = None
    status: str | None = None
    created: int | None = None
    expires_after: float | None = None
    product_type: str | None = None
    financing_type: str | None = None
    offered_terms: OfferedTerms | None = None
    accepted_terms: AcceptedTerms | None = None
    disclaimer_variant: str | None = None
    charged_off_at: int | None = None
    replacement: str | None = None
    replacement_for: str | None = None
    status_transitions: StatusTransitions | None = None


class Data(_Model):
    object: Offer


class Event(_Model):
    id: str
    type: str
    created: int
    livemode: bool
    account: str | None = None
    data: Data = Field(...)

    @property
    def milestone(self) -> str | None:
        """The step of an offer's life that the event tells, None for another kind of event."""
        name = self.type.removeprefix(PREFIX)
        return name if name in STRENGTH and self.data.object.id is not None else None

    @property
    def owner(self) -> str:
        return self.account or self.data.object.account or ""


TABLES: Final = """
CREATE TABLE inbox (
    livemode boolean NOT NULL, account text NOT NULL, event_id text NOT NULL, type text NOT NULL,
    created timestamptz NOT NULL, PRIMARY KEY (livemode, account, event_id)
);
CREATE TABLE offer (
    livemode boolean NOT NULL, account text NOT NULL, offer_id text NOT NULL, strength integer NOT NULL,
    status text NOT NULL, product_type text, financing_type text, currency text,
    offered_advance_amount bigint, offered_fee_amount bigint, offered_withhold_rate double precision,
    accepted_advance_amount bigint, accepted_fee_amount bigint, accepted_withhold_rate double precision,
    created_at timestamptz, expires_at timestamptz, PRIMARY KEY (livemode, account, offer_id)
);
CREATE TABLE outbox (
    number bigserial PRIMARY KEY, partition integer NOT NULL, record_offset bigint NOT NULL,
    id text NOT NULL, account text NOT NULL, value bytea NOT NULL
);
CREATE TABLE kafka_offset (partition integer PRIMARY KEY, next_offset bigint NOT NULL);
"""

INBOX: Final = """
INSERT INTO inbox (livemode, account, event_id, type, created)
SELECT livemode, account, event_id, type, to_timestamp(created)
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::bigint[])
     AS new (livemode, account, event_id, type, created)
ON CONFLICT DO NOTHING
RETURNING event_id
"""

UPSERT: Final = """
INSERT INTO offer (livemode, account, offer_id, strength, status, product_type, financing_type, currency,
                   offered_advance_amount, offered_fee_amount, offered_withhold_rate, accepted_advance_amount,
                   accepted_fee_amount, accepted_withhold_rate, created_at, expires_at)
SELECT livemode, account, offer_id, strength, status, product_type, financing_type, currency,
       offered_advance_amount, offered_fee_amount, offered_withhold_rate, accepted_advance_amount,
       accepted_fee_amount, accepted_withhold_rate, to_timestamp(created_at), to_timestamp(expires_at)
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::bigint[], $10::bigint[], $11::float8[], $12::bigint[], $13::bigint[], $14::float8[], $15::bigint[],
            $16::float8[])
     AS new (livemode, account, offer_id, strength, status, product_type, financing_type, currency,
             offered_advance_amount, offered_fee_amount, offered_withhold_rate, accepted_advance_amount,
             accepted_fee_amount, accepted_withhold_rate, created_at, expires_at)
ON CONFLICT (livemode, account, offer_id)
DO UPDATE SET strength = excluded.strength, status = excluded.status, product_type = excluded.product_type,
              financing_type = excluded.financing_type, currency = excluded.currency,
              offered_advance_amount = excluded.offered_advance_amount,
              offered_fee_amount = excluded.offered_fee_amount,
              offered_withhold_rate = excluded.offered_withhold_rate,
              accepted_advance_amount = excluded.accepted_advance_amount,
              accepted_fee_amount = excluded.accepted_fee_amount,
              accepted_withhold_rate = excluded.accepted_withhold_rate,
              created_at = excluded.created_at, expires_at = excluded.expires_at
WHERE offer.strength < excluded.strength
"""

OUTBOX: Final = """
INSERT INTO outbox (partition, record_offset, id, account, value)
SELECT * FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::text[], $5::bytea[])
"""

OFFSETS: Final = """
INSERT INTO kafka_offset (partition, next_offset) SELECT * FROM unnest($1::integer[], $2::bigint[])
ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What a peer is told by its environment."""

    bootstrap: str
    database: str
    schema: str
    topic: str
    told: str
    group: str

    @classmethod
    def given(cls) -> "Place":
        """As the benchmark set it."""
        return cls(*(os.environ[f"PEER_{name}"] for name in ("KAFKA", "DATABASE", "SCHEMA", "TOPIC", "TOLD", "GROUP")))


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event and where it stood on the topic."""

    event: Event
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Told:
    """One outbox row."""

    partition: int
    offset: int
    id: str
    account: str
    value: bytes


def parsed(value: bytes, partition: int, offset: int) -> Arrival:
    """Parse and validate one record."""
    return Arrival(Event.model_validate_json(value), partition, offset)


def columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Rows as arrays for `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]


def once(arrivals: Sequence[Arrival]) -> dict[str, Arrival]:
    """A batch's events by their ids, the first of each."""
    found: dict[str, Arrival] = {}
    for arrival in arrivals:
        found.setdefault(arrival.event.id, arrival)
    return found


def inbox_row(event: Event) -> tuple[object, ...]:
    return (event.livemode, event.owner, event.id, event.type, event.created)


def strongest(events: Sequence[Event]) -> list[Event]:
    """One event an offer: an upsert must not meet a row twice."""
    found: dict[str | None, Event] = {}
    for event in events:
        before = found.get(event.data.object.id)
        if before is None or _strength(before) < _strength(event):
            found[event.data.object.id] = event
    return list(found.values())


def _strength(event: Event) -> int:
    return STRENGTH[event.milestone or "created"]


def offer_row(event: Event) -> tuple[object, ...]:
    offer = event.data.object
    offered, accepted = offer.offered_terms or OfferedTerms(), offer.accepted_terms or AcceptedTerms()
    return (
        event.livemode,
        event.owner,
        offer.id,
        _strength(event),
        event.milestone,
        offer.product_type,
        offer.financing_type,
        offered.currency,
        offered.advance_amount,
        offered.fee_amount,
        offered.withhold_rate,
        accepted.advance_amount,
        accepted.fee_amount,
        accepted.withhold_rate,
        offer.created,
        offer.expires_after,
    )


def told(arrival: Arrival) -> Told:
    """The outbox row of an event: the offer as the event shows it."""
    event = arrival.event
    mode = "live" if event.livemode else "test"
    subject = event.data.object.id if event.milestone else event.id
    identity = f"{mode}:{subject}:{event.milestone or 'other'}"
    value = event.data.object.model_dump_json().encode()
    return Told(arrival.partition, arrival.offset, identity, event.owner, value)


def told_row(row: Told) -> tuple[object, ...]:
    return (row.partition, row.offset, row.id, row.account, row.value)
