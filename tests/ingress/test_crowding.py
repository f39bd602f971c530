import asyncio

from worker.http import HttpLimits

from .client import connected, until
from .conftest import Serve
from .echo import GET, Echo, paths


async def test_one_connection_too_many_is_told_so_and_closed(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(connections=2))
    async with connected(server.port) as first, connected(server.port) as second, connected(server.port) as third:
        answer = await third.answer()
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert int(answer.headers["retry-after"]) > 0
        assert await third.closed() == b""
        for client in (first, second):
            await client.send(GET % b"x")
            assert await paths(client, 1) == [b"/x"]


async def test_when_full_the_connection_that_is_idle_for_longest_gives_way(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(connections=2))
    async with connected(server.port) as first, connected(server.port) as second:
        for client in (first, second):
            await client.send(GET % b"x")
            await client.answer()
        async with connected(server.port) as third:
            await third.send(GET % b"y")
            assert await paths(third, 1) == [b"/y"]
            assert await first.closed() == b""
            await second.send(GET % b"x")
            assert await paths(second, 1) == [b"/x"]


async def test_when_full_a_request_that_has_long_been_coming_gives_way(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo, HttpLimits(connections=3, undisturbed_seconds=0))
    async with connected(server.port) as busy, connected(server.port) as slow_head, connected(server.port) as slow_body:
        await busy.send(GET % b"slow")
        await echo.asked.wait()
        await slow_head.send(b"GET / HTTP/1.1\r\n")
        await slow_body.send(b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nx")
        async with connected(server.port) as first, connected(server.port) as second:
            for newcomer, crowded_out in ((first, slow_head), (second, slow_body)):
                await newcomer.send(GET % b"slow")
                assert await crowded_out.closed() == b""
            echo.let_go.set()
            for client in (busy, first, second):
                assert await paths(client, 1) == [b"/slow"]


async def test_when_full_a_request_that_has_just_begun_is_left_alone(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(connections=1, undisturbed_seconds=60))
    async with connected(server.port) as begun, connected(server.port) as newcomer:
        await begun.send(b"GET /x HTTP/1.1\r\n")
        assert (await newcomer.answer()).status == 503
        await begun.send(b"\r\n")
        assert await paths(begun, 1) == [b"/x"]


async def test_a_thousand_clients_that_send_nothing_keep_nobody_out(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(connections=10, undisturbed_seconds=0))
    silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(1000)]
    try:
        async with connected(server.port) as client:
            await client.send(GET % b"x")
            assert await paths(client, 1) == [b"/x"]
            await until(lambda: server.connections <= 10)
    finally:
        for _, writer in silent:
            writer.transport.abort()
