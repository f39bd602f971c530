"""A pool that remembers every statement sent through it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg.connection import LoggedQuery

from worker.store.connection import Connection, Pool

# Once a connection, the driver asks for the array types it meets.
LEARNING = ("typeinfo_tree", "'jit'")


class CountingPool(Pool):
    """The real pool; `statements` are those sent since the last `forget`, one line each."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool._pool)
        self.statements: list[str] = []

    def forget(self) -> None:
        self.statements.clear()

    def _note(self, query: LoggedQuery) -> None:
        statement = " ".join(query.query.split())
        if not any(mark in statement for mark in LEARNING):
            self.statements.append(statement)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with super().connection() as connection:
            with connection.query_logger(self._note):
                yield connection
