"""Reading the event log in the order of the topic, where the topic no longer holds the records.

The log's key begins with the account, so an index of places is made in the shadow first: once, for the plan's spans.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.headers import decode_headers, kept_headers
from worker.ports import Destination, Headers, Record
from worker.store.connection import Pool

# A record stands in the log once it was applied, among the parked while it waits, and as a copy in the outbox where it
# was nobody's, discarded or passed on.
INDEX: Final = """
CREATE UNLOGGED TABLE {shadow}.replay_log AS
SELECT DISTINCT ON (partition, record_offset) partition, record_offset, source, livemode, account, created, event_id,
       number, repeats
FROM (
    SELECT partition, record_offset, 1 AS source, livemode, account, created, event_id, NULL::bigint AS number, repeats
    FROM {live}.event
    UNION ALL
    SELECT partition, record_offset, 2, livemode, account, NULL, NULL, NULL, 0 FROM {live}.parked
    UNION ALL
    SELECT partition, record_offset, 3, livemode, account, NULL, NULL, number, 0 FROM {live}.outbox
    WHERE destination IN ('dead_letters', 'events')
) AS kept JOIN {shadow}.replay_plan USING (partition)
WHERE record_offset >= start_offset AND record_offset < end_offset
  AND ($1::text[] = '{{}}' OR account = ANY ($1))
ORDER BY partition, record_offset, source
"""

ORDER: Final = "ALTER TABLE {shadow}.replay_log ADD PRIMARY KEY (partition, record_offset)"

PAGE: Final = """
WITH page AS (
    SELECT * FROM {shadow}.replay_log
    WHERE partition = $1 AND record_offset >= $2 AND record_offset < $3 ORDER BY record_offset LIMIT $4
)
SELECT page.record_offset, source, e.type, e.ours, e.quiet, e.traceparent, o.destination,
       round(extract(epoch FROM coalesce(e.recorded_at, p.recorded_at, o.time)) * 1000)::bigint AS recorded_at,
       coalesce(p.key, o.key) AS key, coalesce(e.body, p.value, o.value) AS value,
       coalesce(p.headers, o.headers)::text AS headers
FROM page
LEFT JOIN {live}.event AS e ON source = 1 AND (e.livemode, e.account, e.created, e.event_id)
                                              = (page.livemode, page.account, page.created, page.event_id)
LEFT JOIN {live}.parked AS p ON source = 2 AND (p.livemode, p.account, p.record_offset)
                                               = (page.livemode, page.account, page.record_offset)
LEFT JOIN {live}.outbox AS o ON source = 3 AND (o.livemode, o.account, o.partition, o.number)
                                               = (page.livemode, page.account, page.partition, page.number)
ORDER BY page.record_offset
"""

# A notification whose record is nowhere: the log is not whole.
LOST: Final = """
SELECT id, causation_id FROM {live}.outbox AS told JOIN {shadow}.replay_plan USING (partition)
WHERE destination = 'notifications' AND record_offset < topic_from AND ($1::text[] = '{{}}' OR account = ANY ($1))
  AND NOT EXISTS (SELECT FROM {live}.event AS e WHERE (e.livemode, e.account, e.event_id)
                  = (told.livemode, told.account, told.causation_id))
  AND NOT EXISTS (SELECT FROM {live}.parked AS p WHERE (p.livemode, p.account, p.event_id)
                  = (told.livemode, told.account, told.causation_id))
  AND NOT EXISTS (SELECT FROM {live}.outbox AS d WHERE (d.livemode, d.account, d.destination, d.id)
                  = (told.livemode, told.account, 'dead_letters', told.causation_id))
LIMIT 1
"""

READ: Final = """
SELECT partition, count(*) AS records, sum(repeats)::bigint AS repeats
FROM replay_log JOIN replay_plan USING (partition) WHERE record_offset < topic_from GROUP BY partition
"""


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A record as the tables have it; of the copy of one, which topic the copy was for."""

    record: Record
    copied_to: Destination | None


@dataclass(frozen=True, slots=True)
class LogShare:
    """What of a partition came from the log: so many records, of which so many repeats were counted by now."""

    records: int
    repeats: int


async def make_index(pool: Pool, live: str, shadow: str, accounts: Collection[str]) -> str | None:
    """Make the index of places of the plan's records, once; what shows that the log is not whole, None where nothing.

    Raises Unavailable.
    """
    names = {"live": live, "shadow": shadow}
    async with pool.transaction() as connection:
        if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{shadow}.replay_log"):
            await connection.execute(INDEX.format(**names), list(accounts))
            await connection.execute(ORDER.format(**names))
        lost = await connection.fetchrow(LOST.format(**names), list(accounts))
    return None if lost is None else f"the record {lost['causation_id']} that told {lost['id']} is gone"


async def shares(shadow: Pool) -> Mapping[int, LogShare]:
    """What came from the log, by partition; nothing where the log was not asked."""
    async with shadow.connection() as connection:
        if not await connection.fetchval("SELECT to_regclass('replay_log') IS NOT NULL"):
            return {}
        rows = await connection.fetch(READ)
    return {row["partition"]: LogShare(row["records"], row["repeats"]) for row in rows}


class EventReader:
    """The records of the plan as the live tables have them, in order (see `make_index`)."""

    def __init__(self, pool: Pool, live: str, shadow: str) -> None:
        """`pool` looks up by key: each page is a few rows of large tables."""
        self._pool = pool
        self._query = PAGE.format(live=live, shadow=shadow)

    async def read(self, partition: int, start: int, before: int, most: int) -> Sequence[LoggedRecord]:
        """Up to `most` records of a partition from an offset on, before another; none at the end."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(self._query, partition, start, before, most)
        return [
            LoggedRecord(
                Record(
                    partition, row["record_offset"], row["recorded_at"], row["key"], row["value"], _headers(dict(row))
                ),
                row["destination"],
            )
            for row in rows
        ]


def _headers(row: Mapping[str, object]) -> Headers:
    """Of a logged record only those were kept that it is decided by."""
    if row["headers"] is not None:
        return decode_headers(str(row["headers"]))
    trace = row["traceparent"]
    return kept_headers(
        str(row["type"]),
        ours=bool(row["ours"]),
        quiet=bool(row["quiet"]),
        traceparent=None if trace is None else str(trace),
    )
