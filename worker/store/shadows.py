"""Shadows: schemas beside the live one that replays write to, each with the plan it was made for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.ports import AccountKey
from worker.store.connection import Pool

# (partition, start, end, topic_from, seeded): a span of the plan.
SpanRow = tuple[int, int, int, int, bool]

PLAN: Final = """
CREATE TABLE IF NOT EXISTS replay (request text NOT NULL, accounts text[] NOT NULL);
CREATE TABLE IF NOT EXISTS replay_plan (
    partition integer PRIMARY KEY, start_offset bigint NOT NULL, end_offset bigint NOT NULL, topic_from bigint NOT NULL,
    seeded boolean NOT NULL
);
-- Offsets of a topic that was replaced are below 0.
ALTER TABLE cursor DROP CONSTRAINT IF EXISTS cursor_next_offset_check
"""

# What a shadow loses in a crash of the server, it makes again: cursors and rows are lost together.
LOGGED: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relpersistence = 'p'
  AND relname NOT IN ('migration', 'replay', 'replay_plan')
"""

UNFINISHED: Final = """
SELECT partition FROM replay_plan
WHERE NOT EXISTS (SELECT FROM cursor WHERE cursor.partition = replay_plan.partition AND next_offset >= end_offset)
ORDER BY partition
"""

# What was read from the topic and is now read from the log has fewer headers: it cannot be recognised by its digest.
UNRECOGNISED: Final = """
UPDATE cursor SET last_offset = NULL, last_digest = NULL
FROM replay_plan WHERE cursor.partition = replay_plan.partition AND last_offset < topic_from
"""

# The rows of accounts that a replay meets in the middle of their lives: what is a repeat is told by them.
PAST: Final = """
INSERT INTO event (livemode, account, created, event_id, type, object_id, partition, record_offset, recorded_at,
                   repeats, quiet, ours, traceparent, body)
SELECT livemode, account, created, event_id, type, object_id, partition, record_offset, recorded_at, 0, quiet, ours,
       traceparent, body
FROM {live}.event JOIN unnest($1::boolean[], $2::text[]) AS wanted (livemode, account) USING (livemode, account)
WHERE partition = $3 AND record_offset < $4
ON CONFLICT DO NOTHING
"""

# A notification whose record the tables no longer hold: the account's past is not whole.
LOST: Final = """
SELECT o.account, o.id, o.causation_id
FROM outbox AS o JOIN unnest($1::boolean[], $2::text[]) AS wanted (livemode, account) USING (livemode, account)
WHERE o.destination = 'notifications' AND o.partition = $3 AND o.record_offset < $4
  AND NOT EXISTS (SELECT FROM event AS e WHERE (e.livemode, e.account, e.event_id)
                  = (o.livemode, o.account, o.causation_id))
  AND NOT EXISTS (SELECT FROM parked AS p WHERE (p.livemode, p.account, p.event_id)
                  = (o.livemode, o.account, o.causation_id))
  AND NOT EXISTS (SELECT FROM outbox AS d WHERE (d.livemode, d.account, d.destination, d.id)
                  = (o.livemode, o.account, 'dead_letters', o.causation_id))
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """The plan a shadow was made for: the request in its own words, its accounts, and its spans."""

    request: str
    accounts: Sequence[str]
    spans: Sequence[SpanRow]


async def cursors(pool: Pool) -> Mapping[int, int]:
    """The next offset of every lane, by partition."""
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT partition, next_offset FROM cursor")
    return {row["partition"]: row["next_offset"] for row in rows}


async def replaced(pool: Pool) -> Mapping[int, int]:
    """The lowest offset logged of each partition that had another topic before this one: it is below 0."""
    looking = """
    SELECT partition FROM cursor
    WHERE (SELECT min(record_offset) FROM outbox WHERE outbox.partition = cursor.partition) < 0
    """
    query = "SELECT partition, min(record_offset) AS first FROM event WHERE partition = ANY ($1) GROUP BY partition"
    async with pool.connection() as connection:
        partitions = [row["partition"] for row in await connection.fetch(looking)]
        rows = await connection.fetch(query, partitions) if partitions else []
    return {row["partition"]: row["first"] for row in rows}


async def done(pool: Pool) -> int:
    """How many offsets of the plan the shadow has gone through."""
    query = """
    SELECT coalesce(sum(greatest(least(next_offset, end_offset) - start_offset, 0)), 0)::bigint
    FROM replay_plan JOIN cursor USING (partition)
    """
    async with pool.connection() as connection:
        offsets: int = await connection.fetchval(query)
    return offsets


async def first_since(pool: Pool, milliseconds: int, partitions: Collection[int]) -> Mapping[int, int]:
    """The first logged offset in each partition of a record not before this time; it reads the whole event log."""
    query = """
    SELECT partition, min(record_offset) AS record_offset FROM event
    WHERE partition = ANY ($2) AND recorded_at >= 'epoch'::timestamptz + $1 * interval '1 ms' GROUP BY partition
    """
    async with pool.connection() as connection:
        rows = await connection.fetch(query, milliseconds, list(partitions))
    return {row["partition"]: row["record_offset"] for row in rows}


async def unknown(pool: Pool, accounts: Collection[str]) -> Sequence[str]:
    """Those of the accounts for which nothing has come in either mode."""
    query = """
    SELECT name FROM unnest($1::text[]) AS asked (name)
    WHERE NOT EXISTS (SELECT FROM account WHERE livemode = ANY ('{true, false}') AND account = name)
    """
    async with pool.connection() as connection:
        return [row["name"] for row in await connection.fetch(query, list(accounts))]


async def saved_plan(pool: Pool) -> SavedPlan | None:
    """The plan this shadow was made for, None where there is none yet, or no shadow."""
    async with pool.connection() as connection:
        if not await connection.fetchval("SELECT to_regclass('replay') IS NOT NULL"):
            return None
        replay = await connection.fetchrow("SELECT request, accounts FROM replay")
        spans = await connection.fetch(
            "SELECT partition, start_offset, end_offset, topic_from, seeded FROM replay_plan"
        )
    if replay is None:
        return None
    return SavedPlan(replay["request"], replay["accounts"], sorted(tuple(row) for row in spans))


async def save_plan(pool: Pool, plan: SavedPlan) -> None:
    """Make a migrated schema a shadow: unlogged, with the plan that a replay that was interrupted goes on with."""
    async with pool.transaction() as connection:
        for row in await connection.fetch(LOGGED):
            await connection.execute(f"ALTER TABLE {row['relname']} SET UNLOGGED")
        await connection.execute(PLAN)
        await connection.executemany("INSERT INTO replay_plan VALUES ($1, $2, $3, $4, $5)", plan.spans)
        await connection.execute("INSERT INTO replay VALUES ($1, $2)", plan.request, list(plan.accounts))


async def move_topic(pool: Pool, topic_from: Mapping[int, int]) -> None:
    """Say anew from which offset on the topic is the source of each span."""
    async with pool.connection() as connection:
        await connection.executemany(
            "UPDATE replay_plan SET topic_from = $2 WHERE partition = $1", list(topic_from.items())
        )
        await connection.execute(UNRECOGNISED)


async def unfinished(pool: Pool) -> Sequence[int]:
    """The partitions that are not gone through to the end of the plan."""
    async with pool.connection() as connection:
        return [row["partition"] for row in await connection.fetch(UNFINISHED)]


async def lost(pool: Pool, accounts: Collection[AccountKey], partition: int, before: int) -> str | None:
    """What shows that these accounts' past before an offset is not whole in the live tables; None where nothing does.

    A record that told nothing leaves no trace but itself: that one is gone cannot be known.
    """
    livemodes, names = [key[0] for key in accounts], [key[1] for key in accounts]
    async with pool.connection() as connection:
        row = await connection.fetchrow(LOST, livemodes, names, partition, before)
    return None if row is None else f"{row['account']}: the record {row['causation_id']} that told {row['id']} is gone"


async def copy_past(pool: Pool, live: str, accounts: Collection[AccountKey], partition: int, before: int) -> None:
    """Have the event log of these accounts before an offset in the shadow, too."""
    livemodes, names = [key[0] for key in accounts], [key[1] for key in accounts]
    async with pool.connection() as connection:
        await connection.execute(PAST.format(live=live), livemodes, names, partition, before)


async def drop(pool: Pool, schema: str) -> None:
    """Remove a shadow with all that is in it."""
    async with pool.connection() as connection:
        # The name was made from a checked pattern.
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
