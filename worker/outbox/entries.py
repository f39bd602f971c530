"""Outbox entries: appended inside a lane's transaction, read again in order by whoever owns the partition next."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from worker.headers import decode_headers, encode_headers
from worker.ports import Batch, Entry

Connection = asyncpg.Connection | PoolConnectionProxy

APPEND: Final = """
INSERT INTO outbox (livemode, account, partition, number, record_offset, destination, sequence, id, type, subject,
                    time, causation_id, key, headers, value, traceparent)
SELECT livemode, account, $1, number, record_offset, destination, sequence, id, type, subject,
       'epoch'::timestamptz + time * interval '1 ms', causation_id, key, headers::json, value, traceparent
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[],
            $10::text[], $11::bigint[], $12::text[], $13::bytea[], $14::text[], $15::bytea[], $16::text[])
     AS new (livemode, account, number, record_offset, destination, sequence, id, type, subject, time, causation_id,
             key, headers, value, traceparent)
"""

# A marker names an offset, so a transaction must never hold half of what one record released.
OWED: Final = """
SELECT destination, number, record_offset, livemode, account, sequence, id, type, subject,
       round(extract(epoch FROM time) * 1000)::bigint AS time, causation_id, key, headers, value,
       traceparent
FROM outbox
WHERE partition = $1 AND record_offset >= $2 AND record_offset < $3 AND record_offset <= coalesce(
    (SELECT record_offset FROM outbox WHERE partition = $1 AND record_offset >= $2 AND record_offset < $3
     ORDER BY record_offset OFFSET $4 LIMIT 1), $3)
ORDER BY number
"""

# Asked only when a marker was lost: nobody keeps an index for that.
OFFSET_OF: Final = """
SELECT record_offset FROM outbox WHERE partition = $1 AND id = $2 AND destination = 'notifications'
"""


class Connections(Protocol):
    """Where connections come from."""

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection for a few statements; its driver's errors translated."""
        ...


def write_entries(batch: Batch) -> Iterator[tuple[str, Sequence[object]]]:
    """Append a batch's entries."""
    if not batch.entries:
        return
    rows = [
        (
            *(entry.livemode, entry.account, entry.number, entry.record_offset, entry.destination, entry.sequence),
            *(entry.id, entry.type, entry.subject, entry.time, entry.causation_id, entry.key),
            None if entry.headers is None else encode_headers(entry.headers),
            *(entry.value, entry.traceparent),
        )
        for entry in batch.entries
    ]
    yield APPEND, [batch.before.partition, *map(list, zip(*rows, strict=True))]


class Outbox:
    """The entries that partitions owe (see `worker.ports.Outbox`)."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def owed(self, partition: int, marker: int, before: int, most: int) -> Sequence[Entry]:
        """Entries of records in [marker, before), in the order of their numbers."""
        async with self._connections.connection() as connection:
            rows = await connection.fetch(OWED, partition, marker, before, most)
        return [_entry(row) for row in rows]

    async def offset_of(self, partition: int, notification: str) -> int | None:
        """The offset of the record that released a notification, None where the partition never owed it."""
        async with self._connections.connection() as connection:
            offset: int | None = await connection.fetchval(OFFSET_OF, partition, notification)
        return offset


def _entry(row: asyncpg.Record) -> Entry:
    fields = dict(row)
    headers = fields.pop("headers")
    return Entry(**fields, headers=None if headers is None else decode_headers(headers))
