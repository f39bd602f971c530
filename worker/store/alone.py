"""Alone: one process at a time does what must not be done twice at once; the database's lock ends with the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from worker.store.connection import Pool

# A lock of the session: it ends with the process, however that ends. Two schemas of one database never share one.
LOCK: Final = "SELECT pg_try_advisory_lock(hashtext(current_schema() || ' ' || $1))"
UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext(current_schema() || ' ' || $1))"


@asynccontextmanager
async def alone(pool: Pool, what: str) -> AsyncIterator[bool]:
    """Whether this process alone does it, until the end of the context. Raises Unavailable."""
    async with pool.connection() as connection:
        mine = bool(await connection.fetchval(LOCK, what))
        try:
            yield mine
        finally:
            if mine:
                await connection.execute(UNLOCK, what)
