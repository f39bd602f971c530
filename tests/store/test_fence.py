import asyncio
from dataclasses import replace

import asyncpg
import pytest

from tests.contract.batches import PARTITION, decided, records
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event
from tests.store.counting import CountingPool
from worker.ports import Fenced, Unavailable
from worker.store import connection as module
from worker.store.connection import Connection, connect
from worker.store.ledger import ADVANCE, Ledger
from worker.store.together import together
from worker.wiring import WRITERS

SECONDS = 20


# What a batch about this account inserts: whoever commits one has to wait, behind its fence, for how another ends.
ACCOUNT = "INSERT INTO account VALUES (true, 'acct_1', 0, 0, NULL, NULL, NULL, NULL, NULL, false, '{}')"
# Those that wait, directly or behind another, for one session.
BEHIND = """
WITH RECURSIVE behind (pid) AS (
    SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))
    UNION SELECT activity.pid FROM behind, pg_stat_activity AS activity
          WHERE behind.pid = ANY (pg_blocking_pids(activity.pid))
)
SELECT pid FROM behind
"""


async def waiting_behind(pool: CountingPool, other: Connection, sessions: int) -> list[int]:
    """The sessions that wait for another, once there are so many."""
    holder = await other.fetchval("SELECT pg_backend_pid()")
    async with asyncio.timeout(SECONDS), pool.connection() as connection:
        while len(found := await connection.fetch(BEHIND, holder)) < sessions:  # noqa: ASYNC110 - locks give no signal
            await asyncio.sleep(0.01)
    return [row["pid"] for row in found]


async def test_a_claim_during_a_commit_waits_for_it_and_finds_what_it_committed(pool: CountingPool) -> None:
    ledger = Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    async with pool.transaction() as other:
        await other.execute(ACCOUNT)
        committing = asyncio.create_task(ledger.commit(batch))
        await waiting_behind(pool, other, 1)
        claiming = asyncio.create_task(ledger.claim(PARTITION, "two", 0))
        await waiting_behind(pool, other, 2)
    async with asyncio.timeout(SECONDS):
        await committing
        assert await claiming == replace(batch.after, epoch=position.epoch + 1)


async def test_a_commit_during_a_claim_waits_for_it_and_is_fenced(pool: CountingPool) -> None:
    ledger = Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    async with pool.transaction() as claiming:
        await claiming.execute("UPDATE cursor SET epoch = epoch + 1")
        committing = asyncio.create_task(ledger.commit(batch))
        done, _ = await asyncio.wait([committing], timeout=0.2)
        assert not done
    with pytest.raises(Fenced):
        async with asyncio.timeout(SECONDS):
            await committing


async def test_an_owner_frozen_inside_its_transaction_does_not_hold_the_partition_for_ever(
    system: System, pool: CountingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.LIMITS, "idle_in_transaction_session_timeout", "300ms")
    freezing = await connect(system.settings, connections=1)
    ledger = Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    fence = (ADVANCE, [PARTITION, position.epoch, position.next_offset, 1, 1, None, None])
    statement, arguments = together(fence, ())

    async def freeze() -> None:
        async with freezing.transaction() as frozen:
            assert await frozen.fetchval(statement, *arguments) == 1
            async with asyncio.timeout(SECONDS):
                assert await ledger.claim(PARTITION, "two", 0) == replace(position, epoch=position.epoch + 1)

    with pytest.raises(Unavailable):
        await freeze()
    await freezing.close()


async def test_every_connection_has_limits_on_statements_locks_and_idle_transactions(pool: CountingPool) -> None:
    async with pool.connection() as connection:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert await connection.fetchval("SELECT current_setting($1)", name) == module.LIMITS[name]


async def test_a_connection_cut_in_the_middle_of_a_commit_is_unavailable_and_changes_nothing(
    pool: CountingPool,
) -> None:
    ledger = Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    async with pool.transaction() as other:
        await other.execute(ACCOUNT)
        committing = asyncio.create_task(ledger.commit(batch))
        (committer,) = await waiting_behind(pool, other, 1)
        await other.execute("SELECT pg_terminate_backend($1)", committer)
        with pytest.raises(Unavailable):
            await committing
    await ledger.commit(batch)


async def test_what_the_driver_raises_is_named_without_the_data(pool: CountingPool) -> None:
    async def put() -> None:
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO secrets VALUES ($1)", "hidden")

    async with pool.connection() as connection:
        await connection.execute("CREATE TABLE secrets (secret text PRIMARY KEY)")
    await put()
    with pytest.raises(Unavailable, match="UniqueViolationError") as raised:
        await put()
    assert "hidden" not in str(raised.value)
    assert isinstance(raised.value.__cause__, asyncpg.UniqueViolationError)


async def test_a_database_that_does_not_answer_is_unavailable(system: System) -> None:
    nowhere = system.settings.model_copy(update={"database_url": "postgresql://a:hidden@127.0.0.1:1/a"})
    with pytest.raises(Unavailable) as raised:
        await connect(nowhere)
    assert "hidden" not in str(raised.value)
