import asyncio
from dataclasses import replace

import asyncpg
import pytest

from tests.contract.batches import PARTITION, decided, records
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event
from tests.store.counting import CountingPool
from worker.ports import Batch, Fenced, Unavailable
from worker.store import connection as module
from worker.store.connection import Connection, connect
from worker.store.ledger import Ledger
from worker.wiring import WRITERS

SECONDS = 20


class Gate:
    """A writer that says when it was reached, and goes on when it is let."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, connection: Connection, batch: Batch) -> None:
        self.reached.set()
        await self.go.wait()


async def test_a_claim_during_a_commit_waits_for_it_and_finds_what_it_committed(pool: CountingPool) -> None:
    gate, ledger = Gate(), Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    committing = asyncio.create_task(Ledger(pool, (*WRITERS, gate)).commit(batch))
    await gate.reached.wait()
    claiming = asyncio.create_task(ledger.claim(PARTITION, "two", 0))
    done, _ = await asyncio.wait([claiming], timeout=0.2)
    assert not done
    gate.go.set()
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
    freezing, gate = await connect(system.settings, connections=1), Gate()
    ledger = Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    committing = asyncio.create_task(Ledger(freezing, (*WRITERS, gate)).commit(batch))
    await gate.reached.wait()
    async with asyncio.timeout(SECONDS):
        assert await ledger.claim(PARTITION, "two", 0) == replace(position, epoch=position.epoch + 1)
    gate.go.set()
    with pytest.raises(Unavailable):
        await committing
    await freezing.close()


async def test_every_connection_has_limits_on_statements_locks_and_idle_transactions(pool: CountingPool) -> None:
    async with pool.connection() as connection:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert await connection.fetchval("SELECT current_setting($1)", name) == module.LIMITS[name]


async def test_a_connection_cut_in_the_middle_of_a_commit_is_unavailable_and_changes_nothing(
    pool: CountingPool,
) -> None:
    async def cut(connection: Connection, batch: Batch) -> None:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        async with pool.connection() as other:
            await other.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.fetchval("SELECT 1")

    ledger = Ledger(pool, WRITERS)
    position = await ledger.claim(PARTITION, "one", 0)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    with pytest.raises(Unavailable):
        await Ledger(pool, (*WRITERS, cut)).commit(batch)
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
