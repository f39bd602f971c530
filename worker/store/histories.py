"""Histories: every record of some accounts that the tables still hold, in the order it came; nothing is concluded.

The event log has what was applied, `parked` what waits, and the outbox, as a dead letter, what was discarded. Repeats
were only counted, and what named no account is no account's.
"""

from collections.abc import AsyncGenerator, Iterable
from typing import Final

import asyncpg

from worker.headers import decode_headers, kept_headers
from worker.ports import AccountKey, Record
from worker.store.connection import Pool

ACCOUNTS_A_PAGE: Final = 100
RECORDS_A_PAGE: Final = 500
# Offsets of a topic that was replaced are below 0.
LOWEST: Final = -(2**63)

# A record that failed once and was applied later stands in two places, with the same bytes.
HISTORY: Final = """
WITH wanted AS MATERIALIZED (SELECT livemode, account FROM unnest($1::boolean[], $2::text[]) AS w (livemode, account))
SELECT DISTINCT ON (livemode, account, record_offset) livemode, account, record_offset,
       round(extract(epoch FROM recorded_at) * 1000)::bigint AS recorded_at, key, value, headers, type, ours,
       quiet
FROM (
    (SELECT livemode, account, record_offset, recorded_at, NULL::bytea AS key, body AS value, NULL::json AS headers,
            type, ours, quiet, 1 AS rank
     FROM event JOIN wanted USING (livemode, account)
     WHERE partition = $3 AND record_offset < $4 AND (livemode, account, record_offset) > ($5, $6, $7)
     ORDER BY livemode, account, record_offset LIMIT $8)
    UNION ALL
    (SELECT livemode, account, record_offset, recorded_at, key, value, headers, NULL, false, false, 2
     FROM parked JOIN wanted USING (livemode, account)
     WHERE partition = $3 AND record_offset < $4 AND (livemode, account, record_offset) > ($5, $6, $7)
     ORDER BY livemode, account, record_offset LIMIT $8)
    UNION ALL
    (SELECT livemode, account, record_offset, time, key, value, headers, NULL, false, false, 3
     FROM outbox JOIN wanted USING (livemode, account)
     WHERE destination = 'dead_letters'
       AND partition = $3 AND record_offset < $4 AND (livemode, account, record_offset) > ($5, $6, $7)
     ORDER BY livemode, account, record_offset LIMIT $8)
) AS record
ORDER BY livemode, account, record_offset, rank LIMIT $8
"""


async def history(
    pool: Pool, accounts: Iterable[AccountKey], partition: int, before: int
) -> AsyncGenerator[tuple[AccountKey, Record], None]:
    """The records of these accounts on a partition at offsets before `before`, account by account, each in order.

    Of headers, the event log kept only what records are decided by. Raises Unavailable.
    """
    keys = sorted(accounts)
    for first in range(0, len(keys), ACCOUNTS_A_PAGE):
        page = keys[first : first + ACCOUNTS_A_PAGE]
        last: tuple[bool, str, int] = (False, "", LOWEST)
        full = True
        while full:
            rows = await _page(pool, page, partition, before, last)
            for row in rows:
                yield (row["livemode"], row["account"]), _record(row, partition)
            full = len(rows) == RECORDS_A_PAGE
            last = (rows[-1]["livemode"], rows[-1]["account"], rows[-1]["record_offset"]) if rows else last


async def _page(
    pool: Pool, keys: list[AccountKey], partition: int, before: int, last: tuple[bool, str, int]
) -> list[asyncpg.Record]:
    livemodes, names = [key[0] for key in keys], [key[1] for key in keys]
    async with pool.connection() as connection:
        return list(await connection.fetch(HISTORY, livemodes, names, partition, before, *last, RECORDS_A_PAGE))


def _record(row: asyncpg.Record, partition: int) -> Record:
    logged = row["headers"] is None
    headers = (
        kept_headers(row["type"], ours=row["ours"], quiet=row["quiet"]) if logged else decode_headers(row["headers"])
    )
    return Record(partition, row["record_offset"], row["recorded_at"], row["key"], row["value"], headers)
