"""Migrating: numbered SQL applied once each, in order, under an advisory lock, each with its checksum."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

import asyncpg

from worker.settings import Settings
from worker.store.connection import CONNECT_SECONDS, Connection, Pool, translated

LOCK_SECONDS: Final = 60
# Any number will do, as long as nobody else who locks in this database uses it: the letters "capital" as bytes.
ADVISORY_LOCK: Final = int.from_bytes(b"capital")

APPLIED: Final = "SELECT number, checksum FROM migration ORDER BY number"


class SchemaMismatch(Exception):  # noqa: N818 - named for what happened
    """The database's schema is not the one this release knows; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file of SQL."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What tells an applied migration that was changed afterwards."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def known() -> Sequence[Migration]:
    """The migrations of this release, in order."""
    files = sorted(
        (file for file in (resources.files("schemas") / "migrations").iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return [Migration(int(file.name[:4]), file.name, file.read_text(encoding="utf-8")) for file in files]


async def migrate(settings: Settings) -> Sequence[str]:
    """Bring the schema up to this release; the names of what was applied, none where nothing was missing.

    Raises Unavailable, and SchemaMismatch when an applied migration is unknown here or was changed.
    """
    with translated():
        connection = await asyncpg.connect(settings.database_url, timeout=CONNECT_SECONDS)
        try:
            # An index over a large table may take long; a lock on that table must not.
            async with asyncio.timeout(LOCK_SECONDS):
                await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
            return await _apply(connection, settings.database_schema)
        finally:
            # Ends the session, and with it the lock.
            await connection.close(timeout=CONNECT_SECONDS)


async def _apply(connection: asyncpg.Connection, schema: str) -> Sequence[str]:
    # Asked first: who may make tables in a schema that was made for them may still make no schemas.
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema):
        # The name was checked against a pattern when the settings were read.
        await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.execute(f"SET search_path TO {schema}; SET lock_timeout TO '10s'")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL, "
        "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    pending = _pending(await _applied(connection), known())
    for migration in pending:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.checksum,
            )
    return [migration.name for migration in pending]


async def _applied(connection: Connection) -> dict[int, str]:
    return {row["number"]: row["checksum"] for row in await connection.fetch(APPLIED)}


def _pending(applied: dict[int, str], migrations: Sequence[Migration]) -> Sequence[Migration]:
    """What is still to apply. Raises SchemaMismatch where history differs."""
    unknown = applied.keys() - {migration.number for migration in migrations}
    if unknown:
        raise SchemaMismatch(f"the database has migration {max(unknown)}, which this release does not know: upgrade it")
    for migration in migrations:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise SchemaMismatch(f"{migration.name} was changed after it was applied: restore the file as it was")
    return [migration for migration in migrations if migration.number not in applied]


async def verify(pool: Pool) -> None:
    """Raises SchemaMismatch unless the database has this release's schema, Unavailable when it cannot be asked."""
    async with pool.connection() as connection:
        exists = await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL")
        applied = await _applied(connection) if exists else {}
    pending = _pending(applied, known())
    if pending:
        raise SchemaMismatch(f"the schema lacks {pending[0].name}: run `capital-worker migrate`")
