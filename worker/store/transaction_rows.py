"""Transactions: one row each, by the id that Stripe gave it."""

from collections.abc import Iterator

from worker.ports import Batch
from worker.store.arrays import columns
from worker.store.together import Write

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


def write_transactions(batch: Batch) -> Iterator[Write]:
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
        yield TRANSACTIONS, columns(rows)
