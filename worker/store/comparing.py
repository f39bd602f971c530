"""The statements that compare a live schema with a shadow, a page of accounts at a time."""

from dataclasses import dataclass
from typing import Final

from worker.ports import AccountKey
from worker.store.tellings import DIGEST

# Each table with what tells its rows apart within an account. `lookup` is left out: its attempts are the lookup
# role's own; `cursor` too: epochs and owners are the lanes'.
TABLES: Final = {
    "account": "''",
    "offer": "offer_id",
    "refill_link": "refill_offer_id",
    "held": "offer_id || ':' || milestone",
    "transaction": "transaction_id",
    "summary": "''",
    "parked": "record_offset::text",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Accounts next to each other: a condition on (livemode, account), and its four arguments."""

    condition: str
    bounds: tuple[bool | None, str | None, bool | None, str | None]


def between(first: AccountKey, following: AccountKey | None) -> Page:
    """From one account on, up to but not with another; None: to the end."""
    if following is None:
        return Page(
            "(livemode, account) >= ($1, $2) AND $3::boolean IS NULL AND $4::text IS NULL", (*first, None, None)
        )
    return Page("(livemode, account) >= ($1, $2) AND (livemode, account) < ($3, $4)", (*first, *following))


def one(key: AccountKey) -> Page:
    """One account alone."""
    return Page("(livemode, account) = ($1, $2) AND $3::boolean IS NULL AND $4::text IS NULL", (*key, None, None))


# The account that is so many accounts further on; none where there are fewer.
BOUNDARY: Final = """
SELECT livemode, account FROM (
    (SELECT livemode, account FROM {live}.account WHERE (livemode, account) >= ($1, $2) ORDER BY 1, 2 LIMIT $3 + 1)
    UNION
    (SELECT livemode, account FROM {shadow}.account WHERE (livemode, account) >= ($1, $2) ORDER BY 1, 2 LIMIT $3 + 1)
) AS known ORDER BY 1, 2 OFFSET $3 LIMIT 1
"""

# The accounts of a page that the plan concerns, and whether the live lanes have gone on with them since.
SCOPE: Final = """
SELECT livemode, account, coalesce(bool_or(record_offset >= end_offset), false) AS moved
FROM (
    SELECT livemode, account, partition, record_offset FROM {live}.event WHERE {page}
    UNION ALL SELECT livemode, account, partition, record_offset FROM {live}.parked WHERE {page}
    UNION ALL SELECT livemode, account, partition, record_offset FROM {live}.outbox WHERE {page}
    UNION ALL SELECT livemode, account, partition, NULL FROM {shadow}.account WHERE {page}
    UNION ALL SELECT livemode, account, partition, record_offset FROM {shadow}.outbox WHERE {page}
) AS taken JOIN {shadow}.replay_plan USING (partition)
WHERE record_offset IS NULL OR record_offset >= start_offset
GROUP BY livemode, account
HAVING bool_or(record_offset IS NULL OR record_offset < end_offset)
ORDER BY livemode, account
"""

# The last command that rebuilt each account, of those that its lane did not drop, with what it says was told before;
# one that came after the plan's end explains all that was told up to there.
PROMOTED: Final = """
SELECT DISTINCT ON (livemode, account) livemode, account, partition, record_offset, event_id, type,
       convert_from(body, 'UTF8')::json #>> '{{data,object,told,digest}}' AS told
FROM {live}.event JOIN unnest($1::boolean[], $2::text[]) AS scope (livemode, account) USING (livemode, account)
JOIN {shadow}.replay_plan USING (partition)
WHERE type = 'capital.command.rebuild' AND ours AND record_offset >= start_offset
  AND NOT EXISTS (
    SELECT FROM {live}.outbox AS letter WHERE (letter.livemode, letter.account, letter.destination, letter.id)
                                              = (event.livemode, event.account, 'dead_letters', event.event_id)
  )
ORDER BY livemode, account, record_offset DESC
"""

TOLD_BEFORE: Final = f"""
SELECT {DIGEST} FROM {{live}}.outbox
WHERE livemode = $1 AND account = $2 AND destination = 'notifications' AND partition = $3 AND record_offset < $4
"""  # noqa: S608 - joined from constants

# What a promoted account should have been told, and was not even by its promotion.
UNTOLD: Final = """
SELECT replayed.id FROM {shadow}.outbox AS replayed
WHERE livemode = $1 AND account = $2 AND destination = 'notifications'
  AND type NOT IN ('capital.refill.linked.v1', 'capital.withholding.changed.v1', 'capital.summary.observed.v1')
  AND id NOT IN (SELECT id FROM {live}.outbox WHERE livemode = $1 AND account = $2 AND destination = 'notifications')
ORDER BY number
"""

# Entries whose number does not follow the one before, or which lie behind a later record's: then something was lost
# or disordered. Numbers are no part of a row's comparison, for one entry more would shift all that follow.
MISNUMBERED: Final = """
SELECT partition, number, expected, record_offset, earlier
FROM (
    SELECT partition, number, lag(number) OVER entries + 1 AS expected, record_offset,
           lag(record_offset) OVER entries AS earlier
    FROM {live}.outbox WINDOW entries AS (PARTITION BY partition ORDER BY number)
) AS numbered
WHERE number <> expected OR record_offset < earlier ORDER BY partition, number
"""

ENTRIES: Final = """
SELECT count(*) FROM {live}.outbox
JOIN unnest($1::boolean[], $2::text[]) AS scope (livemode, account) USING (livemode, account)
JOIN {shadow}.replay_plan USING (partition)
WHERE record_offset >= start_offset AND record_offset < end_offset
"""

EXPLAINING: Final = """
SELECT event_id, type, partition, record_offset FROM {shadow}.event
WHERE livemode = $1 AND account = $2 AND ($3::text IS NULL OR event_id = $3)
ORDER BY record_offset DESC LIMIT 1
"""

# An outbox entry is told apart by its id, wherever it was told; a copy or a record passed on, by its place.
_ENTRY: Final = """
SELECT livemode, account, partition, record_offset, destination, sequence, id, type, subject, time, causation_id, key,
       headers, value, traceparent
FROM {schema}.outbox JOIN scope USING (livemode, account) JOIN {shadow}.replay_plan USING (partition)
WHERE record_offset >= start_offset AND record_offset < end_offset
  AND NOT (partition = promoted_on AND record_offset < promoted_at)
"""
_ENTRY_KEY: Final = "CASE destination WHEN 'notifications' THEN id ELSE destination || ':' || record_offset || id END"

# A repeat that came after the plan's end is counted on the live row and leaves no other trace, and the event log as a
# source has no repeats: they are compared only where the lane stands at the plan's end and the topic was the source.
_EVENT: Final = """
SELECT livemode, account, created, event_id, type, object_id, event.partition, record_offset, recorded_at,
       CASE WHEN next_offset = end_offset AND record_offset >= topic_from THEN repeats END AS repeats, ours,
       traceparent, body
FROM {schema}.event AS event JOIN unmoved USING (livemode, account)
JOIN {shadow}.replay_plan USING (partition) JOIN {live}.cursor USING (partition)
WHERE record_offset >= start_offset AND record_offset < end_offset
"""

_ROW: Final = "SELECT t.* FROM {schema}.{table} AS t JOIN unmoved USING (livemode, account)"

_TABLE: Final = """
SELECT livemode, account, {rank} AS rank, '{table}' AS table, key, coalesce(s.place, l.place) AS place,
       to_jsonb(l.whole) AS live, to_jsonb(s.whole) AS shadow
FROM (SELECT livemode, account, {key} AS key, {place} AS place, t AS whole FROM ({live_rows}) AS t) AS l
FULL JOIN (SELECT livemode, account, {key} AS key, {place} AS place, t AS whole FROM ({shadow_rows}) AS t) AS s
     USING (livemode, account, key)
WHERE (l.whole *= s.whole) IS NOT TRUE
"""

# The arguments are the accounts in scope, whether each moved, and where it was promoted, -1 where it was not.
_DIFFERENT: Final = """
WITH scope AS MATERIALIZED (
    SELECT livemode, account, moved, promoted_on, promoted_at
    FROM unnest($1::boolean[], $2::text[], $3::boolean[], $4::integer[], $5::bigint[])
         AS asked (livemode, account, moved, promoted_on, promoted_at)
), unmoved AS MATERIALIZED (SELECT livemode, account FROM scope WHERE NOT moved)
{tables}
ORDER BY livemode, account, rank, place, key
"""


def different(live: str, shadow: str) -> str:
    """The statement that finds the rows that differ, account by account, an account's outbox entries first."""
    compared = [_table("outbox", _ENTRY_KEY, "record_offset", _ENTRY, live, shadow)]
    for table, key in TABLES.items():
        compared.append(_table(table, key, "NULL::bigint", _ROW, live, shadow))
    compared.append(_table("event", "event_id", "record_offset", _EVENT, live, shadow))
    numbered = [text.format(rank=rank) for rank, text in enumerate(compared)]
    return _DIFFERENT.format(tables="UNION ALL".join(numbered))


def _table(table: str, key: str, place: str, rows: str, live: str, shadow: str) -> str:
    names = {"table": table, "live": live, "shadow": shadow}
    return _TABLE.format(
        rank="{rank}",
        table=table,
        key=key,
        place=place,
        live_rows=rows.format(schema=live, **names),
        shadow_rows=rows.format(schema=shadow, **names),
    )
