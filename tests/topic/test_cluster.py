import asyncio
from contextlib import suppress

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, ProducerFenced

from worker.ports import Fenced, Unavailable
from worker.topic import cluster
from worker.topic.cluster import answered


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(KafkaError("no"), Unavailable), (OSError("no"), Unavailable), (ProducerFenced(), Fenced)],
)
async def test_the_client_s_errors_are_raised_as_the_ports_own(raised: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="kafka: asking") as caught:
        async with answered("asking"):
            raise raised
    assert caught.value.__cause__ is raised


async def test_a_client_that_hangs_is_unavailable_after_the_deadline() -> None:
    with pytest.raises(Unavailable, match=r"kafka: asking: no answer in 0\.01 s"):
        async with answered("asking", 0.01):
            await asyncio.Event().wait()


async def test_what_is_no_error_of_the_client_is_not_caught() -> None:
    with pytest.raises(ZeroDivisionError):
        async with answered("asking"):
            raise ZeroDivisionError


async def test_a_client_that_never_stops_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CLOSE_SECONDS", 0.05)
    ended = asyncio.Event()

    async def stop() -> None:
        # As aiokafka's fetcher does, which waits for a task that it takes to be the one that was cancelled.
        while not ended.is_set():
            with suppress(asyncio.CancelledError):
                await ended.wait()

    async with asyncio.timeout(10):
        await cluster.let_go(stop)
    ended.set()


async def test_a_failure_to_stop_is_nobodys_business_unless_it_is_a_bug() -> None:
    async def failing(error: Exception) -> None:
        raise error

    await cluster.let_go(lambda: failing(KafkaConnectionError()))
    await cluster.let_go(lambda: failing(OSError()))
    with pytest.raises(ZeroDivisionError):
        await cluster.let_go(lambda: failing(ZeroDivisionError()))
