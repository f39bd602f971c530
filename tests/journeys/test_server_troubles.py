"""Servers in trouble: nothing wrong is told, one line says what the matter is, and all goes on by itself afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from tests.journeys.consuming import Consume, consuming, restarts
from tests.journeys.interceptors import Interceptor, KafkaInterceptor, PostgresInterceptor, Then
from tests.journeys.system import System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.embedded import Kafka, Postgres, temporary_folder
from worker.simulator.disorder import disordered
from worker.simulator.oracle import judge
from worker.simulator.world import World
from worker.store import connection
from worker.topic import publisher

WORLD = World(seed=29, accounts=40, kinds=WITHOUT_LOOKUPS)
EVENTS = disordered(WORLD.events(), seed=29)
FIRST_MS = int(time.time() - 3_600) * 1000
SECONDS = 60
CONNECTIONS = 20

Trouble = Callable[[Consume], Awaitable[None]]
_numbers = count(1)


@pytest.fixture(scope="module")
async def own_postgres() -> AsyncIterator[Postgres]:
    """A server that nobody else suffers from, with few connections."""
    with temporary_folder() as folder:
        settings = {"max_connections": str(CONNECTIONS), "superuser_reserved_connections": "0"}
        async with Postgres(folder / "postgres", settings=settings) as started:
            yield started


@pytest.fixture
async def on_own(kafka: Kafka, own_postgres: Postgres, tmp_path: Path) -> System:
    """A system on that server."""
    name = f"troubled{next(_numbers)}"
    system = System(name, kafka.bootstrap, own_postgres.url, tmp_path / name)
    await system.prepare()
    return system


async def lived_through(system: System, trouble: Trouble, reason: str | None) -> None:
    """Half of a world before the trouble, half of it while it lasts; the lanes say the reason, and recover."""
    half = len(EVENTS) // 2
    before = restarts("unavailable")
    async with consuming(system) as consume:
        await system.events_topic.feed(EVENTS[:half], FIRST_MS)
        await consume.ready()
        await system.caught_up(SECONDS)
        await trouble(consume)
        await system.settled(WORLD.expected.ids, SECONDS)
        await consume.ready()
    complaints = [line for line in consume.lines if line["log_level"] in {"warning", "error", "critical"}]
    assert {line["event"] for line in complaints} == ({"lane.interrupted"} if reason else set())
    assert reason is None or any(reason in line["reason"] for line in complaints), complaints
    assert len(complaints) == restarts("unavailable") - before
    assert judge([told.told for told in await system.notifications()], WORLD.expected) == []


async def the_rest(system: System) -> None:
    half = len(EVENTS) // 2
    await system.events_topic.feed(EVENTS[half:], FIRST_MS + half)


async def noticed(consume: Consume, reason: str) -> None:
    """Return once a lane ended by this, and tried again in vain."""
    await consume.until(
        lambda: sum(reason in line["reason"] for line in consume.logged("lane.interrupted")) > 4, f"ended by {reason}"
    )
    assert "unavailable" in consume.unready


async def test_a_database_that_becomes_read_only(on_own: System) -> None:
    async def read_only(consume: Consume) -> None:
        await altered(on_own, "ALTER SYSTEM SET default_transaction_read_only = on")
        await the_rest(on_own)
        await noticed(consume, "ReadOnlySQLTransactionError")
        await altered(on_own, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET ALL")

    await lived_through(on_own, read_only, "ReadOnlySQLTransactionError")


async def altered(system: System, *statements: str) -> None:
    async with system.database() as administrator:
        for statement in statements:
            await administrator.execute(statement)
        await administrator.execute("SELECT pg_reload_conf()")


async def test_a_database_whose_connections_others_have_taken(on_own: System) -> None:
    async def crowded(consume: Consume) -> None:
        async with crowd(on_own):
            await the_rest(on_own)
            await noticed(consume, "TooManyConnectionsError")

    await lived_through(on_own, crowded, "TooManyConnectionsError")


@asynccontextmanager
async def crowd(system: System) -> AsyncIterator[None]:
    """Every connection of the server is somebody else's."""
    url = system.environ["CAPITAL_DATABASE_URL"]
    async with AsyncExitStack() as stack, asyncio.timeout(SECONDS):
        first = await asyncpg.connect(url)
        stack.push_async_callback(first.close)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'capital-worker'"
        while await first.fetch(cut):
            try:
                while True:
                    another = await asyncpg.connect(url)
                    stack.push_async_callback(another.close)
            except asyncpg.TooManyConnectionsError:
                continue
        yield


async def test_a_database_whose_disk_is_full(system: System) -> None:
    """As the server says it when a table cannot grow; a write-ahead log that cannot ends the server."""

    async def full(consume: Consume) -> None:
        await system.rows(
            "CREATE FUNCTION grow() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        await system.rows("CREATE TRIGGER grow BEFORE INSERT ON event EXECUTE FUNCTION grow()")
        await the_rest(system)
        await noticed(consume, "DiskFullError")
        await system.rows("DROP TRIGGER grow ON event")

    await system.prepare()
    await lived_through(system, full, "DiskFullError")


@pytest.mark.parametrize(("then", "reason"), [("cut", "ConnectionDoesNotExistError"), ("stall", "TimeoutError")])
async def test_a_commit_whose_answer_is_lost(
    system: System, monkeypatch: pytest.MonkeyPatch, then: Then, reason: str
) -> None:
    monkeypatch.setattr(connection, "STATEMENT_SECONDS", 2)
    await system.prepare()
    url = system.environ["CAPITAL_DATABASE_URL"]
    address = url.rpartition("@")[2].partition("/")[0]
    async with PostgresInterceptor(address) as interceptor:
        system.environ["CAPITAL_DATABASE_URL"] = url.replace(address, interceptor.address)
        await lived_through(system, losing(system, interceptor, then), f"postgres: {reason}")
        taken = await system.rows("SELECT count(*) + sum(repeats) FROM event")
    system.environ["CAPITAL_DATABASE_URL"] = url
    # A batch that was committed is never taken a second time.
    assert taken == [(len([event for event in EVENTS if event.type.startswith("capital.")]),)]


# Where its connection is cut, the client asks again by itself, and the lane does not hear of it.
@pytest.mark.parametrize(("then", "reason"), [("cut", None), ("stall", ": no answer in 2 s")])
async def test_a_transaction_whose_end_is_not_acknowledged(
    system: System, monkeypatch: pytest.MonkeyPatch, then: Then, reason: str | None
) -> None:
    monkeypatch.setattr(publisher, "TRANSACTION_MS", 2_000)
    await system.prepare()
    bootstrap = system.environ["CAPITAL_KAFKA_BOOTSTRAP"]
    async with KafkaInterceptor(bootstrap) as interceptor:
        system.environ["CAPITAL_KAFKA_BOOTSTRAP"] = interceptor.address
        await lived_through(system, losing(system, interceptor, then), reason)
    system.environ["CAPITAL_KAFKA_BOOTSTRAP"] = bootstrap


def losing(system: System, interceptor: Interceptor, then: Then) -> Trouble:
    async def lose(_consume: Consume) -> None:
        interceptor.lose(then)
        await the_rest(system)
        async with asyncio.timeout(SECONDS):
            await interceptor.lost.wait()

    return lose
