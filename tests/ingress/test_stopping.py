import asyncio

import pytest

from worker.http import HttpServer

from .client import connected
from .conftest import Serve
from .echo import GET, Echo


async def test_stopping_finishes_what_is_in_flight_and_takes_nothing_new(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo)
    async with connected(server.port) as busy, connected(server.port) as idle:
        await busy.send(GET % b"slow")
        await echo.asked.wait()
        stopped = asyncio.create_task(server.stop(5))
        assert await idle.closed() == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        assert not stopped.done()
        echo.let_go.set()
        answer = await busy.answer()
        assert (answer.body, answer.headers["connection"]) == (b"/slow", "close")
        assert await busy.closed() == b""
        await stopped


async def test_stopping_closes_what_does_not_end_by_the_deadline(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo)
    async with connected(server.port) as client:
        await client.send(GET % b"slow")
        await echo.asked.wait()
        async with asyncio.timeout(5):
            await server.stop(0.05)
        assert await client.closed() == b""


async def test_a_stopped_server_leaves_its_port_free(serve: Serve) -> None:
    first = await serve(Echo())
    async with connected(first.port) as client:
        await client.send(GET % b"x")
        await client.answer()
        await first.stop(5)
    second = HttpServer(Echo(), "127.0.0.1", first.port)
    await second.start()
    await second.stop(5)


async def test_a_request_given_up_at_the_deadline_is_no_failure_of_the_app(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    echo = Echo()
    server = await serve(echo)
    async with connected(server.port) as client:
        await client.send(GET % b"slow")
        await echo.asked.wait()
        await server.stop(0)
        assert await client.closed() == b""
    assert not caplog.records
