"""Parked records: what waits behind a quarantine, bytes and headers as they came, in their order."""

from worker.headers import encode_headers
from worker.ports import Batch
from worker.store.arrays import columns
from worker.store.connection import Connection

PARK = """
INSERT INTO parked (livemode, account, partition, record_offset, recorded_at, event_id, reason, key, headers, value)
SELECT livemode, account, $1, record_offset, 'epoch'::timestamptz + recorded_at * interval '1 ms', event_id, reason,
       key, headers::json, value
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[], $9::text[],
            $10::bytea[])
     AS new (livemode, account, record_offset, recorded_at, event_id, reason, key, headers, value)
"""


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
