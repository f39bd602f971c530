"""Parked records: what waits behind a quarantine, bytes and headers as they came, in their order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from worker.headers import decode_headers, encode_headers
from worker.ports import AccountKey, Batch, ParkedRecord, Record
from worker.store.arrays import columns
from worker.store.connection import Connection
from worker.store.together import Write

PARK = """
INSERT INTO parked (livemode, account, partition, record_offset, recorded_at, event_id, reason, key, headers, value)
SELECT livemode, account, $1, record_offset, 'epoch'::timestamptz + recorded_at * interval '1 ms', event_id, reason,
       key, headers::json, value
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::bytea[], $9::text[],
            $10::bytea[])
     AS new (livemode, account, record_offset, recorded_at, event_id, reason, key, headers, value)
ON CONFLICT (livemode, account, record_offset) DO UPDATE SET reason = excluded.reason
"""


UNPARK = """
DELETE FROM parked USING unnest($1::boolean[], $2::text[], $3::bigint[]) AS gone (livemode, account, record_offset)
WHERE (parked.livemode, parked.account, parked.record_offset) = (gone.livemode, gone.account, gone.record_offset)
"""

PARKED = """
SELECT livemode, account, partition, record_offset,
       round(extract(epoch FROM recorded_at) * 1000)::bigint AS recorded_at, event_id, reason, key, headers, value
FROM parked JOIN unnest($1::boolean[], $2::text[]) AS wanted (livemode, account) USING (livemode, account)
ORDER BY livemode, account, record_offset
"""


async def read_parked(
    connection: Connection, accounts: Iterable[AccountKey]
) -> Mapping[AccountKey, Sequence[ParkedRecord]]:
    """What is parked of these accounts, each in the order it came."""
    found: defaultdict[AccountKey, list[ParkedRecord]] = defaultdict(list)
    for row in await connection.fetch(PARKED, *columns(list(accounts))):
        headers = decode_headers(row["headers"])
        record = Record(row["partition"], row["record_offset"], row["recorded_at"], row["key"], row["value"], headers)
        key = (row["livemode"], row["account"])
        found[key].append(ParkedRecord(key, row["event_id"], row["reason"], record))
    return found


def write_parked(batch: Batch) -> Iterator[Write]:
    """Keep records that wait behind a quarantine, bytes and headers as they were; let go of those applied."""
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
    if batch.unparked:
        gone = [(*parked.key, parked.record.offset) for parked in batch.unparked]
        yield UNPARK, columns(gone)
    if rows:
        yield PARK, [batch.before.partition, *columns(rows)]
