"""Alone: one process at a time does what must not be done twice at once; the database's lock ends with the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from worker.store.connection import Connection, Pool

LOCK_SECONDS: Final = 3
LOOK_SECONDS: Final = 0.1

# A lock of the session: it ends with the process, however that ends. Two schemas of one database never share one.
LOCK: Final = "SELECT pg_try_advisory_lock(hashtext(current_schema() || ' ' || $1))"


@asynccontextmanager
async def alone(pool: Pool, what: str) -> AsyncIterator[bool]:
    """Whether this process alone does it, until the end of the context. Raises Unavailable.

    The server may take a moment to notice that a process that was killed is gone.
    """
    async with pool.connection() as connection:
        try:
            yield await _locked(connection, what)
        finally:
            await _unlocked(connection)


async def _unlocked(connection: Connection) -> None:
    """Give back every lock of the session, also one that was granted just as the wait for it ended."""
    try:
        await connection.reset(timeout=LOCK_SECONDS)
    except BaseException:
        # The next who takes the connection must not find itself alone; its end ends the locks, too.
        connection.terminate()
        raise


async def _locked(connection: Connection, what: str) -> bool:
    try:
        async with asyncio.timeout(LOCK_SECONDS):
            while not await connection.fetchval(LOCK, what):  # noqa: ASYNC110 - a lock of another session gives no signal
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return False
    return True
