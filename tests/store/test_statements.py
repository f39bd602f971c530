"""What a batch costs is its statements: their number is held here, for times depend on the machine."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.contract.batches import HOME, PARTITION, decided, everything, records
from tests.journeys.webhooks import TRANSACTION_EXAMPLE, offer_event
from tests.store.counting import CountingPool
from worker.consumer.deliberation import Deliberation, Known
from worker.consumer.reading import read
from worker.ports import Batch, Fenced, Position, Wanted
from worker.simulator.world import World
from worker.store.ledger import ADVANCE, Ledger
from worker.store.together import together
from worker.wiring import WRITERS

MOST_TO_REBUILD = 16
MOST_TO_LOAD = 4


async def claimed(pool: CountingPool) -> tuple[Ledger, Position]:
    ledger = Ledger(pool, WRITERS)
    return ledger, await ledger.claim(PARTITION, "one", 0)


async def cost(pool: CountingPool, ledger: Ledger, batch: Batch) -> Sequence[str]:
    pool.forget()
    await ledger.commit(batch)
    return list(pool.statements)


def written(statement: str) -> Sequence[str]:
    """The tables that a statement writes, in its order."""
    return re.findall(r"(?:INSERT INTO|DELETE FROM|(?<!DO )UPDATE) (\w+)", statement)


def accepted(number: int) -> list[bytes]:
    """One account's offer, accepted before it is known to be created, and a transaction."""
    account = f"acct_{number}"
    return [
        offer_event(f"evt_{number}_1", "accepted", account=account, status="accepted"),
        TRANSACTION_EXAMPLE.replace('"acct_1"', f'"{account}"').replace("evt_1", f"evt_{number}_2").encode(),
    ]


async def test_a_batch_of_a_hundred_accounts_costs_as_many_statements_as_one_of_one(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    one = await decided(ledger, position, records(accepted(0)))
    small = await cost(pool, ledger, one)
    bodies = [body for number in range(1, 101) for body in accepted(number)]
    hundred = await decided(ledger, one.after, records(bodies, first=2))
    assert len(hundred.accounts) == 100
    assert await cost(pool, ledger, hundred) == small


async def test_a_world_in_one_batch_is_one_statement(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    # What is left out keeps what follows from it waiting.
    bodies = [event.body for event in World(seed=12, accounts=200).events()][::2]
    bodies.append(offer_event("evt_bad", account="acct_bad", envelope={"created": "yesterday"}))
    (statement,) = await cost(pool, ledger, await decided(ledger, position, records(bodies)))
    assert set(written(statement)) >= {"event", "account", "offer", "held", "transaction", "lookup", "parked", "outbox"}


async def test_what_is_fenced_writes_nothing_of_a_world(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    batch = await decided(ledger, position, records(World(seed=12, accounts=200).events()))
    await ledger.claim(PARTITION, "two", 0)
    with pytest.raises(Fenced):
        await ledger.commit(batch)
    async with pool.connection() as connection:
        for table in written(together((ADVANCE, ()), ledger._writes(batch))[0]):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == (table == "cursor")


def test_a_statement_that_could_not_be_fenced_is_refused() -> None:
    with pytest.raises(ValueError, match="takes no rows"):
        together((ADVANCE, ()), [("DELETE FROM held WHERE account = $1", ["acct_1"])])


async def test_an_account_that_is_rebuilt_is_written_statement_by_statement(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    batch = await decided(ledger, position, records([offer_event("evt_1")]))
    statements = await cost(pool, ledger, replace(batch, rebuilt=[batch.accounts[0][1].key]))
    assert (statements[0], statements[-1]) == ("BEGIN;", "COMMIT;")
    assert written(statements[1]) == ["cursor"], "the fence comes before anything else"
    assert len(set(statements)) == len(statements) <= MOST_TO_REBUILD


async def test_a_batch_that_changes_nothing_costs_the_fence_alone(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    batch = await decided(ledger, position, records([offer_event("evt_1", envelope={"type": "charge.succeeded"})]))
    (statement,) = await cost(pool, ledger, batch)
    assert written(statement) == ["cursor"]


async def test_a_repeat_costs_the_event_log_and_nothing_else(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    first = await decided(ledger, position, records([offer_event("evt_1")]))
    await ledger.commit(first)
    # As a lane that still has the state in memory decides it.
    key, state = first.accounts[0][1].key, first.accounts[0][1]
    again = Deliberation(first.after, Known({key: state}), HOME)
    taken = records([offer_event("evt_1")], first=1)
    again.take(read(taken[0]))
    (statement,) = await cost(pool, ledger, again.batch(taken[-1]))
    assert written(statement) == ["cursor", "event"]


def all_of(batch: Batch) -> Wanted:
    """Everything that a batch wrote and a later one may want."""
    return Wanted(
        frozenset(after.key for _, after in batch.accounts),
        frozenset((key, event.transaction.id) for key, event in batch.transactions),
        frozenset((event.key, event.created, event.id) for event in batch.events),
    )


async def test_a_load_costs_a_statement_a_table_whatever_it_loads(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    world = World(seed=13, accounts=100)
    batch = await decided(ledger, position, records(world.events()))
    await ledger.commit(batch)
    pool.forget()
    await ledger.load(all_of(batch))
    assert len(pool.statements) <= MOST_TO_LOAD, pool.statements
    assert len(set(pool.statements)) == len(pool.statements)


async def test_nothing_is_read_whole_by_a_lane_that_began_with_empty_tables(pool: CountingPool) -> None:
    ledger, position = await claimed(pool)
    before = await read_whole(pool)
    bodies = [event.body for event in World(seed=14, accounts=100).events()]
    while position.next_offset < len(bodies):
        first = position.next_offset
        batch = await decided(ledger, position, records(bodies[first : first + 50], first))
        await ledger.commit(batch)
        written_by = all_of(batch)
        await ledger.load(written_by)
        await ledger.parked(written_by.accounts)
        position = batch.after
    assert await read_whole(pool) == before


async def read_whole(pool: CountingPool) -> dict[str, int]:
    """How often each table was read from its beginning to its end."""
    async with pool.connection() as connection:
        await connection.fetchval("SELECT pg_stat_force_next_flush()")
        rows = await connection.fetch(
            "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname = current_schema()"
        )
    return {row["relname"]: row["seq_scan"] for row in rows}


async def test_a_load_of_what_is_in_memory_costs_nothing(pool: CountingPool) -> None:
    ledger, _ = await claimed(pool)
    pool.forget()
    await ledger.load(everything([]))
    assert pool.statements == []
