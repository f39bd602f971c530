"""Shadows: schemas beside the live one that replays write to, each with the plan it was made for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from worker.store.connection import Connection, Pool

PLAN: Final = """
CREATE TABLE IF NOT EXISTS replay_plan (
    partition integer PRIMARY KEY, start_offset bigint NOT NULL, end_offset bigint NOT NULL, account text
)
"""

# A lock of the session: it ends with the process, however that ends.
LOCK: Final = "SELECT pg_try_advisory_lock(hashtext($1))"


async def cursors(pool: Pool) -> Mapping[int, int]:
    """The next offset of every lane, by partition."""
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT partition, next_offset FROM cursor")
    return {row["partition"]: row["next_offset"] for row in rows}


async def saved_plan(pool: Pool) -> tuple[Mapping[int, tuple[int, int]], str | None] | None:
    """Spans by partition and the account of the plan this shadow was made for, None where there is none yet."""
    async with pool.connection() as connection:
        await connection.execute(PLAN)
        rows = await connection.fetch("SELECT partition, start_offset, end_offset, account FROM replay_plan")
    if not rows:
        return None
    return {row["partition"]: (row["start_offset"], row["end_offset"]) for row in rows}, rows[0]["account"]


async def save_plan(pool: Pool, spans: Mapping[int, tuple[int, int]], account: str | None) -> None:
    """Keep a plan, so that a replay that was interrupted goes on with the same."""
    async with pool.transaction() as connection:
        await connection.executemany(
            "INSERT INTO replay_plan (partition, start_offset, end_offset, account) VALUES ($1, $2, $3, $4)",
            [(partition, start, end, account) for partition, (start, end) in spans.items()],
        )


async def drop(pool: Pool, schema: str) -> None:
    """Remove a shadow with all that is in it."""
    async with pool.connection() as connection:
        # The name was made from a checked pattern.
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@asynccontextmanager
async def locked(pool: Pool, schema: str) -> AsyncIterator[bool]:
    """Whether this process alone works on a shadow, until the end of the context."""
    async with pool.connection() as connection:
        mine = bool(await connection.fetchval(LOCK, schema))
        try:
            yield mine
        finally:
            await _unlock(connection, schema, mine=mine)


async def _unlock(connection: Connection, schema: str, *, mine: bool) -> None:
    if mine:
        await connection.execute("SELECT pg_advisory_unlock(hashtext($1))", schema)
