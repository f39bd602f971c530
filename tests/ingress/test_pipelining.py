import asyncio

import pytest
import uvloop

from worker.http import HttpLimits, HttpServer

from .client import connected
from .conftest import Serve
from .echo import GET, Echo, paths


async def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo)
    async with connected(server.port) as client:
        await client.send(GET % b"slow" + GET % b"one" + GET % b"two")
        await echo.asked.wait()
        echo.let_go.set()
        assert await paths(client, 3) == [b"/slow", b"/one", b"/two"]


async def test_endless_pipelining_ends_the_connection_after_what_was_queued(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(pipelined=3))
    async with connected(server.port) as client:
        await client.send(b"".join(GET % b"%d" % number for number in range(1000)))
        assert await paths(client, 4) == [b"/0", b"/1", b"/2", b"/3"]
        assert await client.closed() == b""


async def test_a_request_before_a_broken_one_still_gets_its_answer(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo)
    async with connected(server.port) as client:
        await client.send(GET % b"slow" + b"nonsense\r\n\r\n")
        await echo.asked.wait()
        echo.let_go.set()
        answer = await client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"/slow", "close")
        assert await client.closed() == b""


async def test_a_request_that_comes_in_parts_and_breaks_takes_no_other_answer_s_place(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo)
    async with connected(server.port) as client:
        broken = b"POST /body HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"
        await client.send(GET % b"slow" + GET % b"next" + broken + b"no length\r\n")
        await echo.asked.wait()
        echo.let_go.set()
        assert await paths(client, 2) == [b"/slow", b"/next"]
        assert await client.closed() == b""


async def test_what_is_sent_ahead_of_an_answer_is_bounded_and_ends_the_connection_after_it(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo, HttpLimits(ahead_bytes=10_000))
    async with connected(server.port) as client:
        ahead = b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
        await client.send(GET % b"slow" + ahead + b"x" * 100_000 + GET % b"never")
        await echo.asked.wait()
        echo.let_go.set()
        answer = await client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"/slow", "close")
        assert await client.closed() == b""


async def test_a_body_may_be_as_long_as_ever_once_the_answer_before_it_is_given(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo, HttpLimits(ahead_bytes=1_000))
    async with connected(server.port) as client:
        await client.send(GET % b"slow" + b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\nx")
        await echo.asked.wait()
        echo.let_go.set()
        assert await paths(client, 1) == [b"/slow"]
        await client.send(b"x" * 99_999)
        assert await paths(client, 1) == [b"/body"]


async def test_a_connection_cut_while_others_wait_in_its_line_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def cut() -> None:
        echo = Echo()
        server = HttpServer(echo, "127.0.0.1", 0)
        await server.start()
        async with connected(server.port) as client:
            await client.send(GET % b"slow" + GET % b"next")
            await echo.asked.wait()
            stopped = asyncio.create_task(server.stop(0))
            assert await client.closed() == b""
            echo.let_go.set()
            await stopped

    # The loop that serves in earnest: writing to what is closed raises there.
    await asyncio.to_thread(lambda: uvloop.run(cut()))
    assert not caplog.records
