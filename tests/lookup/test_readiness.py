"""What the resolver says of itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.ingress.client import until
from tests.ingress.handoff import Handoff
from worker.clock import SystemClock
from worker.lookup.capital_api import CapitalApi
from worker.lookup.pace import Pace
from worker.lookup.persistence import Persistence
from worker.lookup.resolver import LEASE_SECONDS, Resolver
from worker.ports import Question, Unavailable

NOWHERE = "http://127.0.0.1:1"


class Questions:
    """None are due; a database that is away when told to be."""

    def __init__(self) -> None:
        self.away = False

    async def take(self, most: int, lease_seconds: float) -> Sequence[Question]:
        if self.away:
            raise Unavailable("postgres: connection refused: secrets and addresses")
        return ()

    async def retry(self, question: Question, seconds: float) -> None:
        raise AssertionError


class LaterClock(SystemClock):
    def __init__(self) -> None:
        self.later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


Make = Callable[..., Resolver]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    clients: list[CapitalApi] = []

    def resolver(questions: Questions, keys: Sequence[str] = (), clock: SystemClock | None = None) -> Resolver:
        ticking = clock or SystemClock()
        clients.append(CapitalApi(keys, NOWHERE, Pace(10, ticking)))
        return Resolver(questions, clients[-1], Handoff(), Persistence(1, 1), ticking)

    yield resolver
    for client in clients:
        await client.close()


@asynccontextmanager
async def running(resolver: Resolver) -> AsyncIterator[None]:
    task = asyncio.create_task(resolver.run())
    try:
        yield
    finally:
        resolver.stop()
        await task


async def test_a_resolver_is_ready_once_it_has_looked_for_questions(make: Make) -> None:
    resolver = make(Questions())
    assert resolver.ready() == "has not looked for questions yet"
    async with running(resolver):
        await until(lambda: resolver.ready() is None)


async def test_a_database_that_is_away_is_no_readiness_until_it_is_back(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.lookup.resolver.LOOK_SECONDS", 0.01)
    questions = Questions()
    resolver = make(questions)
    async with running(resolver):
        questions.away = True
        await until(lambda: resolver.ready() == "the database does not answer")
        assert resolver.alive() is None
        questions.away = False
        await until(lambda: resolver.ready() is None)


async def test_a_loop_that_looks_no_more_is_neither_ready_nor_alive(make: Make) -> None:
    clock = LaterClock()
    resolver = make(Questions(), clock=clock)
    clock.later = LEASE_SECONDS + 1
    assert resolver.alive() == resolver.ready()
    assert "no look for questions" in (resolver.alive() or "")


@pytest.mark.parametrize(
    ("keys", "remark"),
    [
        ((), "no API key for live and test: what is asked there stays unknown"),
        (("rk_live_1",), "no API key for test: what is asked there stays unknown"),
        (("sk_live_1", "sk_test_1"), None),
    ],
)
async def test_modes_without_a_key_are_named(make: Make, keys: Sequence[str], remark: str | None) -> None:
    assert make(Questions(), keys).remark() == remark
