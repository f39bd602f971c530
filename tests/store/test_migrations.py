import asyncio

import pytest

from tests.journeys.system import System
from tests.store.counting import CountingPool
from worker.store.connection import connect
from worker.store.migrations import SchemaMismatch, known, migrate, verify


def test_migrations_are_numbered_densely_from_1() -> None:
    assert [migration.number for migration in known()] == list(range(1, len(known()) + 1))


async def test_a_first_migration_applies_every_file_and_a_second_none(system: System) -> None:
    assert await migrate(system.settings) == [migration.name for migration in known()]
    assert await migrate(system.settings) == []


async def test_migrations_at_the_same_time_apply_each_file_once(system: System) -> None:
    applied = await asyncio.gather(*(migrate(system.settings) for _ in range(4)))
    assert [list(names) for names in applied if names] == [[migration.name for migration in known()]]


async def test_a_migrated_schema_is_verified(system: System, pool: CountingPool) -> None:
    await verify(pool)


async def test_a_database_that_was_never_migrated_is_told_what_to_run(system: System) -> None:
    pool = await connect(system.settings, connections=1)
    try:
        with pytest.raises(SchemaMismatch, match="run `capital-worker migrate`"):
            await verify(pool)
    finally:
        await pool.close()


async def test_another_system_s_schema_in_the_same_database_is_not_taken_for_this_one(system: System) -> None:
    await migrate(system.settings)
    other = system.settings.model_copy(update={"database_schema": f"{system.name}_other"})
    pool = await connect(other, connections=1)
    try:
        with pytest.raises(SchemaMismatch):
            await verify(pool)
    finally:
        await pool.close()


async def test_every_table_s_key_begins_with_mode_and_account_or_is_no_account_s(pool: CountingPool) -> None:
    query = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid, unnest(i.indkey) WITH ORDINALITY AS k (column_number, place),
         pg_attribute a
    WHERE i.indisprimary AND c.relnamespace = current_schema()::regnamespace
          AND a.attrelid = c.oid AND a.attnum = k.column_number
    GROUP BY c.relname
    """
    async with pool.connection() as connection:
        keys = {table: tuple(columns) for table, columns in await connection.fetch(query)}
    # A walk through a whole list of Stripe's is no account's.
    of_none = {"cursor": ("partition",), "migration": ("number",), "backfill": ("livemode", "list", "since", "quiet")}
    assert {table: key for table, key in keys.items() if key[:2] != ("livemode", "account")} == of_none
