import asyncio
import signal

import httpx
import pytest

from worker.http import CannotListen, HttpLimits, HttpServer

from .client import connected, until
from .conftest import Serve
from .echo import GET, Echo, paths


async def test_requests_of_one_connection_are_answered_one_after_another(serve: Serve) -> None:
    server = await serve(Echo())
    async with connected(server.port) as client:
        for path in (b"one", b"two"):
            await client.send(GET % path)
            assert await paths(client, 1) == [b"/" + path]


async def test_answers_carry_no_server_or_date_header(serve: Serve) -> None:
    server = await serve(Echo())
    async with connected(server.port) as client:
        await client.send(GET % b"x")
        assert set((await client.answer()).headers) == {"content-length"}


async def test_a_head_that_never_ends_is_cut_off(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(head_seconds=0.05))
    async with connected(server.port) as client:
        await client.send((GET % b"x")[:-2])
        assert await client.closed() == b""


async def test_a_connection_that_says_nothing_is_cut_off(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(head_seconds=0.05))
    async with connected(server.port) as client:
        assert await client.closed() == b""


async def test_a_head_that_trickles_is_cut_off_all_the_same(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(head_seconds=0.1))
    async with connected(server.port) as client:
        await client.send(b"GET / HTTP/1.1\r\n")
        closed = asyncio.create_task(client.closed())
        while not closed.done():
            client.writer.write(b"a: b\r\n")
            await asyncio.wait({closed}, timeout=0.02)
        assert await closed == b""


@pytest.mark.parametrize("noise", [b"", b"\r\n"])
async def test_an_idle_connection_is_closed_even_when_it_sends_line_ends(serve: Serve, noise: bytes) -> None:
    server = await serve(Echo(), HttpLimits(idle_seconds=0.1))
    async with connected(server.port) as client:
        await client.send(GET % b"x")
        await client.answer()
        closed = asyncio.create_task(client.closed())
        while not closed.done():
            client.writer.write(noise)
            await asyncio.wait({closed}, timeout=0.02)
        assert await closed == b""


async def test_the_next_head_on_a_kept_connection_has_its_deadline(serve: Serve) -> None:
    server = await serve(Echo(), HttpLimits(head_seconds=0.05))
    async with connected(server.port) as client:
        await client.send(GET % b"x" + b"GET /")
        assert await paths(client, 1) == [b"/x"]
        assert await client.closed() == b""


async def test_a_head_has_its_short_deadline_though_the_connection_had_a_long_one_before(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo, HttpLimits(head_seconds=0.05, idle_seconds=60, answer_seconds=60))
    async with connected(server.port) as client, connected(server.port) as silent:
        await client.send(GET % b"slow")
        # Once the later one is cut off, the first deadline of the earlier one has passed as well.
        assert await silent.closed() == b""
        echo.let_go.set()
        await client.answer()
        await client.send(b"GET /")
        assert await client.closed() == b""


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 33_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 6_000 + b"\r\n",
        b"GET /" + b"x" * 33_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 600_000,
    ],
)
async def test_a_head_over_32_kib_is_refused_with_431(serve: Serve, head: bytes) -> None:
    server = await serve(Echo())
    async with connected(server.port) as client:
        client.writer.write(head)
        assert (await client.answer()).status == 431
        await client.closed()


async def test_more_than_a_hundred_header_lines_are_refused_with_431(serve: Serve) -> None:
    server = await serve(Echo())
    async with connected(server.port) as client:
        await client.send(b"GET /x HTTP/1.1\r\n" + b"a:\r\n" * 100 + b"\r\n")
        assert await paths(client, 1) == [b"/x"]
        await client.send(b"GET /x HTTP/1.1\r\n" + b"a:\r\n" * 101 + b"\r\n")
        assert (await client.answer()).status == 431
        await client.closed()


async def test_trailers_are_no_headers_and_cannot_grow_without_end(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo, HttpLimits(message_bytes=300_000))
    chunked = b"POST /body HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    async with connected(server.port) as client:
        await client.send(chunked + b"stripe-signature: v1=00\r\n\r\n")
        assert (await client.answer()).status == 200
        assert b"stripe-signature" not in echo.headers
        client.writer.write(chunked + b"a: " + b"x" * 1_000_000)
        assert (await client.answer()).status == 413
        await client.closed()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: " + b"9" * 400 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\na: b\x00c\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /body HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n",
    ],
)
async def test_what_is_no_plain_http_request_is_400_and_the_end(
    serve: Serve, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    server = await serve(Echo())
    async with connected(server.port) as client:
        await client.send(request_bytes)
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert await client.closed() == b""
    assert not caplog.records


async def test_a_body_that_nobody_reads_ends_the_connection(serve: Serve) -> None:
    server = await serve(Echo())
    async with connected(server.port) as client:
        await client.send(b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\nx")
        assert await paths(client, 1) == [b"/x"]
        assert await client.closed() == b""


async def test_a_client_that_does_not_read_its_answer_is_cut_off(serve: Serve) -> None:
    echo = Echo()
    server = await serve(echo, HttpLimits(answer_seconds=0.1))
    async with connected(server.port) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a selector transport reads, too
        await client.send(GET % b"large")
        await echo.asked.wait()
        await until(lambda: server.connections == 0)


async def test_an_address_in_use_is_an_error_that_names_it(serve: Serve) -> None:
    server = await serve(Echo())
    with pytest.raises(CannotListen, match=rf"127\.0\.0\.1 port {server.port}: "):
        await HttpServer(Echo(), "127.0.0.1", server.port).start()


async def test_an_address_of_another_machine_is_an_error(serve: Serve) -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        await HttpServer(Echo(), "192.0.2.1", 0).start()


async def test_signal_handlers_are_left_alone(serve: Serve, http: httpx.AsyncClient) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = await serve(Echo())
    assert (await http.get(f"http://127.0.0.1:{server.port}/x")).status_code == 200
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_both_families_are_served_under_the_unspecified_address() -> None:
    server = HttpServer(Echo(), "::", 0)
    await server.start()
    async with connected(server.port) as client:
        await client.send(GET % b"x")
        assert await paths(client, 1) == [b"/x"]
    await server.stop(5)
