"""Connecting to Postgres: one pool a process, every statement with a deadline; driver errors never leave here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from worker.ports import DataRefused, Unavailable
from worker.settings import Settings

Connection = asyncpg.Connection | PoolConnectionProxy

CONNECT_SECONDS: Final = 10
STATEMENT_SECONDS: Final = 15
UNHURRIED_SECONDS: Final = 1800
FIRST_WITH_TRANSACTION_TIMEOUT: Final = 17

# A frozen owner inside a transaction holds its cursor's row, and nobody can take over before Postgres ends it.
LIMITS: Final = {
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}

# A batch's statement is long, so it is planned once: what its arrays hold never makes another plan better. And it is
# kept however long it is, which the driver would not do from 15 KiB on. Compiling it would cost more than running it.
PLANNED_ONCE: Final = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
ANY_LENGTH: Final = 0

# A plan that is kept must not be one for the tables as they were when it was made: empty, they seem best read whole.
BY_KEY: Final = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}

# SQLSTATE classes that blame the data: "data exception" and "integrity constraint violation".
OF_DATA: Final = frozenset({"22", "23"})

# For who reads whole tables, or writes what can be made again: nobody waits for their rows.
UNHURRIED: Final = {
    "statement_timeout": "30min",
    "idle_in_transaction_session_timeout": "30min",
    "synchronous_commit": "off",
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn whatever the database, the driver or the network did into Unavailable, naming it without its data."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "")[:2] in OF_DATA:
            raise DataRefused(_refusal(error)) from error
        message = str(error.args[0]) if error.args else ""
        raise Unavailable(f"postgres: {type(error).__name__}: {message}") from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
        raise Unavailable(f"postgres: {type(error).__name__}: {error}") from error


def _refusal(error: asyncpg.PostgresError) -> str:
    """What was refused where, the same in every schema; the server's own words may quote the data."""
    places = {"table": error.table_name, "column": error.column_name, "constraint": error.constraint_name}
    named = [f"{kind} {name}" for kind, name in places.items() if name]
    return ", ".join([f"postgres refused the data: {type(error).__name__}", *named])


class Pool:
    """Connections to one database, with the system's schema as their search path."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for a few statements. Raises Unavailable."""
        with translated():
            async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction. Raises Unavailable; at the commit that leaves it in doubt."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Give back every connection; those that do not end in time are cut."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


async def connect(
    settings: Settings,
    *,
    connections: int = 16,
    url: Callable[[], str] | None = None,
    by_key: bool = False,
    unhurried: bool = False,
) -> Pool:
    """A pool of at most `connections`. Raises Unavailable when the database cannot be reached now.

    Every new connection asks `url` where to go: a password may have been changed since the settings were read.
    With `by_key`, rows are looked up by their keys, however few a table has: for lanes, and who asks again and again.
    Unhurried, a statement may take half an hour, and a commit is not waited for: never for a lane that owns anything.
    """
    where = url or (lambda: settings.database_url)

    async def dial(*_: Any, **options: Any) -> asyncpg.Connection:  # noqa: ANN401 - the pool's own
        return await asyncpg.connect(where(), **options)

    with translated():
        limits = LIMITS | (UNHURRIED if unhurried else await _transaction_limit(where()))
        pool = await asyncpg.create_pool(
            where(),
            connect=dial,
            min_size=1,
            max_size=connections,
            timeout=CONNECT_SECONDS,
            reset=_as_it_was,
            max_cacheable_statement_size=ANY_LENGTH,
            command_timeout=UNHURRIED_SECONDS if unhurried else STATEMENT_SECONDS,
            server_settings={
                "search_path": settings.database_schema,
                "application_name": "capital-worker",
                **PLANNED_ONCE,
                **(BY_KEY if by_key else {}),
                **limits,
            },
        )
    return Pool(pool)


async def _as_it_was(_: Connection) -> None:
    """Nothing is asked of a connection that is given back: whoever changes its session says so (see `alone`).

    The pool has ended its transaction by then. Its default is one statement more for every transaction.
    """


async def _transaction_limit(url: str) -> dict[str, str]:
    """The limit for an owner that freezes between preparing a statement and executing it, from Postgres 17 on.

    To Postgres such a session is neither idle nor executing, so that no other limit ends it while it holds its
    cursor's row.
    """
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        version = connection.get_server_version().major
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
    return {"transaction_timeout": "20s"} if version >= FIRST_WITH_TRANSACTION_TIMEOUT else {}
