"""What waits is counted from the tables as they are, and from little more than the rows that wait."""

import time

from tests.store.counting import CountingPool
from worker.clock import SystemClock
from worker.metrics import REGISTRY
from worker.store.census import COUNT, Census

HOLD = """
INSERT INTO held (livemode, account, offer_id, milestone, gate, waiting_for, since)
SELECT true, 'acct_' || n, 'A', 'accepted', $1, '{}', now() - $2 * interval '1 second' FROM generate_series(1, $3) AS n
"""
ASK = """
INSERT INTO lookup (livemode, account, kind, subject, due, retry_at, attempts)
SELECT true, $1 || n, 'survey', '', now(), now() + $2 * interval '1 second', $3 FROM generate_series(1, $4) AS n
"""
PARK = """
INSERT INTO parked (livemode, account, partition, record_offset, recorded_at, event_id, reason, headers)
SELECT true, $1, 0, n, now() - interval '50 seconds', 'evt_' || n, CASE n WHEN 1 THEN 'broken' END, '[]'
FROM generate_series(1, $2) AS n
"""


async def fill(pool: CountingPool, statement: str, *arguments: object) -> None:
    async with pool.connection() as connection:
        await connection.execute(statement, *arguments)


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, name
    return found


async def test_held_milestones_are_counted_by_gate_with_the_age_of_the_oldest(pool: CountingPool) -> None:
    await fill(pool, HOLD, "G1", 30, 3)
    await fill(pool, HOLD.replace("'A'", "'B'"), "G3", 7_000, 1)
    await Census(pool, SystemClock()).take()
    assert [value("capital_held_milestones", gate=gate) for gate in ("G1", "G2", "G3", "G4")] == [3, 0, 1, 0]
    assert (
        30 <= value("capital_held_oldest_seconds", gate="G1") < 7_000 <= value("capital_held_oldest_seconds", gate="G3")
    )
    await fill(pool, "DELETE FROM held")
    await Census(pool, SystemClock()).take()
    assert value("capital_held_milestones", gate="G1") == value("capital_held_oldest_seconds", gate="G1") == 0


async def test_an_account_is_quarantined_once_however_much_waits_behind_it(pool: CountingPool) -> None:
    await fill(pool, PARK, "acct_1", 100)
    await fill(pool, PARK, "acct_2", 1)
    await Census(pool, SystemClock()).take()
    assert value("capital_quarantined_accounts") == 2
    assert value("capital_quarantined_oldest_seconds") >= 50


async def test_questions_are_due_when_they_could_be_asked_and_failing_when_asked_in_vain(pool: CountingPool) -> None:
    await fill(pool, ASK, "acct_due_", -20, 0, 2)
    await fill(pool, ASK, "acct_later_", 3_600, 0, 5)
    await fill(pool, ASK, "acct_asked_", 60, 1, 1)
    await fill(pool, ASK, "acct_failing_", 60, 2, 3)
    await Census(pool, SystemClock()).take()
    assert value("capital_lookups_due") == 2
    assert value("capital_lookups_due_oldest_seconds") >= 20
    assert value("capital_lookups_failing") == 3


async def test_the_time_of_the_census_is_told(pool: CountingPool) -> None:
    before = time.time()
    await Census(pool, SystemClock()).take()
    assert before <= value("capital_census_timestamp_seconds") <= time.time()


async def test_a_census_costs_one_statement_that_reads_no_table_whole_but_that_of_holds(pool: CountingPool) -> None:
    await fill(pool, PARK, "acct_1", 20_000)
    await fill(pool, ASK, "acct_later_", 3_600, 1, 20_000)
    await fill(pool, "ANALYZE parked, lookup")
    pool.forget()
    await Census(pool, SystemClock()).take()
    assert len(pool.statements) == 1
    async with pool.connection() as connection:
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {COUNT}"))
    assert "Seq Scan on parked" not in plan, plan
    assert "Seq Scan on lookup" not in plan, plan
