"""Writing: a batch's share of each table, one statement a table whatever the batch's size, behind the fence."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from worker.headers import encode_headers
from worker.ports import Batch, LoggedEvent
from worker.rules.state import AccountState, Offer
from worker.store.codec import encode_account, encode_offer
from worker.store.connection import Connection

EVENTS = """
INSERT INTO event (livemode, account, created, event_id, type, object_id, partition, record_offset, recorded_at,
                   repeats, body)
SELECT livemode, account, to_timestamp(created), event_id, type, object_id, $1, record_offset,
       'epoch'::timestamptz + recorded_at * interval '1 ms', repeats, body
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
            $10::integer[], $11::bytea[])
     AS new (livemode, account, created, event_id, type, object_id, record_offset, recorded_at, repeats, body)
ON CONFLICT (livemode, account, created, event_id)
DO UPDATE SET repeats = event.repeats + 1 + excluded.repeats
"""

ACCOUNTS = """
INSERT INTO account (livemode, account, partition, sequence, quarantined, facts)
SELECT livemode, account, $1, sequence, quarantined, facts::json
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::boolean[], $6::text[])
     AS new (livemode, account, sequence, quarantined, facts)
ON CONFLICT (livemode, account)
DO UPDATE SET sequence = excluded.sequence, quarantined = excluded.quarantined, facts = excluded.facts
"""

OFFERS = """
INSERT INTO offer (livemode, account, offer_id, status, product_type, financing_type, currency,
                   offered_advance_amount, offered_fee_amount, offered_withhold_rate,
                   accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate,
                   replacement_for, created_at, expires_at, facts)
SELECT livemode, account, offer_id, status, product_type, financing_type, currency,
       offered_advance_amount, offered_fee_amount, offered_withhold_rate::numeric,
       accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate::numeric,
       replacement_for, to_timestamp(created_at), to_timestamp(expires_at), facts::json
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bigint[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::text[],
            $14::text[], $15::bigint[], $16::bigint[], $17::text[])
     AS new (livemode, account, offer_id, status, product_type, financing_type, currency,
             offered_advance_amount, offered_fee_amount, offered_withhold_rate,
             accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate,
             replacement_for, created_at, expires_at, facts)
ON CONFLICT (livemode, account, offer_id)
DO UPDATE SET status = excluded.status, product_type = excluded.product_type,
              financing_type = excluded.financing_type, currency = excluded.currency,
              offered_advance_amount = excluded.offered_advance_amount,
              offered_fee_amount = excluded.offered_fee_amount,
              offered_withhold_rate = excluded.offered_withhold_rate,
              accepted_advance_amount = excluded.accepted_advance_amount,
              accepted_fee_amount = excluded.accepted_fee_amount,
              accepted_withhold_rate = excluded.accepted_withhold_rate,
              replacement_for = excluded.replacement_for, created_at = excluded.created_at,
              expires_at = excluded.expires_at, facts = excluded.facts
"""

UNHOLD = """
DELETE FROM held USING unnest($1::boolean[], $2::text[], $3::text[]) AS changed (livemode, account, offer_id)
WHERE (held.livemode, held.account, held.offer_id) = (changed.livemode, changed.account, changed.offer_id)
"""

HOLD = """
INSERT INTO held (livemode, account, offer_id, milestone, gate, waiting_for, since, until)
SELECT livemode, account, offer_id, milestone, gate, string_to_array(waiting_for, ' '),
       'epoch'::timestamptz + since * interval '1 ms', 'epoch'::timestamptz + until * interval '1 ms'
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
     AS new (livemode, account, offer_id, milestone, gate, waiting_for, since, until)
"""

TRANSACTIONS = """
INSERT INTO transaction (livemode, account, transaction_id, type, reason, offer_id, advance_amount, fee_amount,
                         total_amount, currency, created_at, reversed_transaction, event_created, event_id)
SELECT livemode, account, transaction_id, type, reason, offer_id, advance_amount, fee_amount, total_amount, currency,
       to_timestamp(created_at), reversed_transaction, to_timestamp(event_created), event_id
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::text[], $11::bigint[], $12::text[], $13::bigint[], $14::text[])
     AS new (livemode, account, transaction_id, type, reason, offer_id, advance_amount, fee_amount, total_amount,
             currency, created_at, reversed_transaction, event_created, event_id)
ON CONFLICT (livemode, account, transaction_id)
DO UPDATE SET type = excluded.type, reason = excluded.reason, offer_id = excluded.offer_id,
              advance_amount = excluded.advance_amount, fee_amount = excluded.fee_amount,
              total_amount = excluded.total_amount, currency = excluded.currency, created_at = excluded.created_at,
              reversed_transaction = excluded.reversed_transaction, event_created = excluded.event_created,
              event_id = excluded.event_id
"""

PARK = """
INSERT INTO parked (livemode, account, partition, record_offset, recorded_at, event_id, reason, key, headers, value)
SELECT livemode, account, $1, record_offset, 'epoch'::timestamptz + recorded_at * interval '1 ms', event_id, reason,
       key, headers::json, value
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[], $9::text[],
            $10::bytea[])
     AS new (livemode, account, record_offset, recorded_at, event_id, reason, key, headers, value)
"""


def columns(rows: Sequence[Sequence[object]]) -> Iterable[list[object]]:
    """Rows turned into one array a column, as `unnest` takes them."""
    return map(list, zip(*rows, strict=True))


async def write_events(connection: Connection, batch: Batch) -> None:
    """Log each event once; one that comes again is counted."""
    seen: Counter[tuple[object, ...]] = Counter()
    first: dict[tuple[object, ...], LoggedEvent] = {}
    for event in batch.events:
        identity = (*event.key, event.created, event.id)
        seen[identity] += 1
        first.setdefault(identity, event)
    rows = [
        (
            *identity,
            event.type,
            event.object_id,
            event.record.offset,
            event.record.timestamp,
            seen[identity] - 1,
            event.record.value,
        )
        for identity, event in first.items()
    ]
    if rows:
        await connection.execute(EVENTS, batch.before.partition, *columns(rows))


async def write_accounts(connection: Connection, batch: Batch) -> None:
    """Write the accounts whose own facts changed."""
    rows = [
        (*after.key, after.sequence, after.quarantined, encode_account(after))
        for before, after in batch.accounts
        if (before.sequence, before.quarantined, before.attention)
        != (after.sequence, after.quarantined, after.attention)
        or not before.sequence
    ]
    if rows:
        await connection.execute(ACCOUNTS, batch.before.partition, *columns(rows))


async def write_offers(connection: Connection, batch: Batch) -> None:
    """Write the offers that changed, and what they hold."""
    changed = [
        (after, before.offers.get(offer.id), offer)
        for before, after in batch.accounts
        for offer in after.offers.values()
        if before.offers.get(offer.id) is not offer
    ]
    if changed:
        await connection.execute(OFFERS, *columns([_offer_row(state, offer) for state, _, offer in changed]))
    holding = [(state, offer) for state, was, offer in changed if offer.holds != (was.holds if was else {})]
    if holding:
        await connection.execute(UNHOLD, *columns([(*state.key, offer.id) for state, offer in holding]))
    holds = list(chain.from_iterable(_hold_rows(state, offer) for state, offer in holding))
    if holds:
        await connection.execute(HOLD, *columns(holds))


def _offer_row(state: AccountState, offer: Offer) -> tuple[object, ...]:
    return (
        *state.key,
        offer.id,
        offer.status,
        offer.text("product_type"),
        offer.text("financing_type"),
        offer.currency,
        offer.number("offered_terms.advance_amount"),
        offer.number("offered_terms.fee_amount"),
        offer.text("offered_terms.withhold_rate"),
        offer.number("accepted_terms.advance_amount"),
        offer.number("accepted_terms.fee_amount"),
        offer.text("accepted_terms.withhold_rate"),
        offer.text("replacement_for"),
        offer.number("created"),
        offer.number("expires_after"),
        encode_offer(offer),
    )


def _hold_rows(state: AccountState, offer: Offer) -> Iterable[tuple[object, ...]]:
    """Ids have no spaces, so what a milestone waits for travels as one text."""
    for milestone, hold in offer.holds.items():
        yield (*state.key, offer.id, milestone, hold.gate, " ".join(hold.waiting_for), hold.since, hold.until)


async def write_transactions(connection: Connection, batch: Batch) -> None:
    """Write transactions that are new or were corrected."""
    rows = [
        (
            *key,
            t.id,
            t.type,
            t.reason,
            t.offer,
            t.advance_amount,
            t.fee_amount,
            t.total_amount,
            t.currency,
            t.created_at,
            t.reversed_transaction,
            event.created,
            event.id,
        )
        for key, event in batch.transactions
        for t in [event.transaction]
    ]
    if rows:
        await connection.execute(TRANSACTIONS, *columns(rows))


async def write_parked(connection: Connection, batch: Batch) -> None:
    """Keep records that wait behind a quarantine, bytes and headers as they were."""
    rows = [
        (
            *parked.key,
            parked.record.offset,
            parked.record.timestamp,
            parked.id,
            parked.reason,
            parked.record.key,
            encode_headers(parked.record.headers),
            parked.record.value,
        )
        for parked in batch.parked
    ]
    if rows:
        await connection.execute(PARK, batch.before.partition, *columns(rows))
