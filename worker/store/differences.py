"""Differences between the live tables and a shadow's, row by row and byte for byte, by account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker.store.connection import Connection, Pool

# Each table with what tells its rows apart within an account. `lookup` is left out: its attempts are the lookup
# role's own; `cursor` too: epochs and owners are the lanes'.
TABLES: Final[Mapping[str, str]] = {
    "account": "''",
    "offer": "offer_id",
    "refill_link": "refill_offer_id",
    "held": "offer_id || ':' || milestone",
    "transaction": "transaction_id",
    "summary": "''",
    "event": "event_id",
    "parked": "record_offset::text",
    "outbox": "record_offset || ':' || id",
}

# Of accounts that the live lanes have gone on with, nothing can be said yet.
MOVED: Final = """
CREATE TEMP TABLE moved ON COMMIT DROP AS
SELECT DISTINCT taken.livemode, taken.account FROM (
    SELECT livemode, account, partition, record_offset FROM {live}.event
    UNION ALL SELECT livemode, account, partition, record_offset FROM {live}.parked
    UNION ALL SELECT livemode, account, partition, record_offset FROM {live}.outbox
) AS taken JOIN {shadow}.replay_plan USING (partition) WHERE record_offset >= end_offset
"""

DIFFERENT: Final = """
SELECT coalesce(l.livemode, s.livemode) AS livemode, coalesce(l.account, s.account) AS account,
       coalesce(l.key, s.key) AS key, l.row AS live, s.row AS shadow
FROM (SELECT livemode, account, {key} AS key, {row} AS row FROM {live}.{table} AS t {only}) AS l
FULL JOIN (SELECT livemode, account, {key} AS key, {row} AS row FROM {shadow}.{table} AS t {only}) AS s
     USING (livemode, account, key)
WHERE l.row IS DISTINCT FROM s.row
  AND NOT EXISTS (SELECT FROM moved m WHERE (m.livemode, m.account)
                  = (coalesce(l.livemode, s.livemode), coalesce(l.account, s.account)))
ORDER BY 1, 2, 3
"""


UNNUMBERED: Final = "(t.sequence, t.id, t.type, t.subject, t.time, t.causation_id, t.key, t.headers, t.value)::text"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same; None on the side that lacks it."""

    table: str
    livemode: bool
    account: str
    key: str
    live: str | None
    shadow: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every difference, how many rows were compared, and how many accounts went on meanwhile and were left out."""

    differences: Sequence[Difference]
    accounts: int
    notifications: int
    moved: int


async def compare(pool: Pool, live: str, shadow: str, account: str | None) -> Comparison:
    """Compare two schemas in one snapshot. Raises Unavailable."""
    async with pool.connection() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute(MOVED.format(live=live, shadow=shadow))
        different: list[Difference] = []
        for table, key in TABLES.items():
            different += await _compare(connection, table, key, (live, shadow), account)
        return Comparison(
            different,
            await connection.fetchval(f"SELECT count(*) FROM {shadow}.account"),  # noqa: S608 - checked names
            await connection.fetchval(f"SELECT count(*) FROM {shadow}.outbox"),  # noqa: S608 - checked names
            await connection.fetchval("SELECT count(*) FROM moved"),
        )


async def _compare(
    connection: Connection, table: str, key: str, schemas: tuple[str, str], account: str | None
) -> Sequence[Difference]:
    live, shadow = schemas
    only = "" if account is None else "WHERE account = $1"
    # A replay of one account numbers only what that account is told.
    row = "t::text" if account is None or table != "outbox" else UNNUMBERED
    query = DIFFERENT.format(key=key, row=row, live=live, shadow=shadow, table=table, only=only)
    rows: Sequence[Any] = await connection.fetch(query, *([] if account is None else [account]))
    return [Difference(table, row["livemode"], row["account"], row["key"], row["live"], row["shadow"]) for row in rows]
