"""Serves an ASGI app inside the running event loop; never lets a client hold memory or a connection without a bound.

uvicorn's protocol parses and answers. What it leaves open is closed here: a request head that never ends, a head
without a limit, connections without a limit, clients that never read their answer, and endless pipelining.
"""

import asyncio
import socket
from dataclasses import dataclass
from typing import Final

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from worker.asgi import Application


class CannotListen(Exception):  # noqa: N818 - named for what happened
    """The address is in use, or is not one of this machine's."""


class _Refused(Exception):  # noqa: N818 - named for what happened
    """Raised inside the parser's callbacks to stop it; never leaves this module."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one server grants its clients.

    `idle_seconds` is longer than the idle time of common load balancers (60 s): closing first would make them send
    a request into a closing connection. An idle connection gives way when a new one finds the server full.
    `answer_seconds` is the last resort behind the app's own deadlines, and bounds clients that do not read.
    `message_bytes` counts a request with its framing: a body may come in chunks of one byte.
    """

    connections: int = 1000
    head_bytes: int = 32 * 1024
    message_bytes: int = 2 * 1024 * 1024
    pipelined: int = 16
    head_seconds: float = 10
    idle_seconds: float = 75
    answer_seconds: float = 30


def _plain(status: str, text: bytes, extra: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {len(text)}\r\nconnection: close\r\n"
    return head.encode() + extra + b"\r\n" + text


_FULL: Final = _plain("503 Service Unavailable", b"no more connections are taken\n", b"retry-after: 5\r\n")
_INVALID: Final = _plain("400 Bad Request", b"not a valid HTTP/1.1 request\n")
_HEAD_TOO_LARGE: Final = _plain("431 Request Header Fields Too Large", b"the request head is too large\n")
_MESSAGE_TOO_LARGE: Final = _plain("413 Content Too Large", b"the request is too large\n")


class _Connections:
    """The connections of one server: those that are open, and among them those waiting for a next request."""

    def __init__(self, config: Config, limits: HttpLimits) -> None:
        self.config = config
        self.limits = limits
        self.state = ServerState()
        self.idle: dict[_Connection, None] = {}
        self.closing = False
        self.changed = asyncio.Event()

    def has_room(self) -> bool:
        """Whether one more fits, if need be by closing the one that has been idle for longest."""
        if len(self.state.connections) < self.limits.connections:
            return True
        oldest = next(iter(self.idle), None)
        if oldest is None:
            return False
        del self.idle[oldest]
        self.state.connections.discard(oldest)
        oldest.transport.abort()
        return True


class _Connection(HttpToolsProtocol):
    """One connection, with a deadline at every moment of its life.

    The deadline is a number that is moved, and one timer looks at it: a busy connection arms none for its requests.
    """

    def __init__(self, shared: _Connections, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(shared.config, shared.state, {}, loop)
        self._shared = shared
        self._limits = shared.limits
        self._in_head = True
        self._head_bytes = 0
        self._message_bytes = 0
        self._deaf = False
        self._deadline = loop.time() + self._limits.head_seconds
        self._timer = loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        # Abort, not close: closing would wait for a client that does not read what is left to it.
        if self.loop.time() >= self._deadline:
            self.transport.abort()
        else:
            self._timer = self.loop.call_at(self._deadline, self._look)

    def _within(self, seconds: float) -> None:
        self._deadline = self.loop.time() + seconds
        if self._deadline < self._timer.when():
            self._timer.cancel()
            self._timer = self.loop.call_at(self._deadline, self._look)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        if not self._shared.closing and self._shared.has_room():
            super().connection_made(transport)
            return
        self.transport = transport
        self._deaf = True
        transport.write(_FULL)
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._shared.idle.pop(self, None)
        super().connection_lost(exc)
        self._shared.changed.set()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        # Counted before parsing, so the read that begins a request is not held against it.
        self._message_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            large = isinstance(error.__context__, _Refused)
            self._refuse(_HEAD_TOO_LARGE if large else _INVALID)
            return
        # A half-received header or trailer grows inside the parser, where no callback sees it.
        if self._in_head and self._message_bytes > self._limits.head_bytes:
            self._refuse(_HEAD_TOO_LARGE)
        elif self._message_bytes > self._limits.message_bytes:
            self._refuse(_MESSAGE_TOO_LARGE)

    def _answering(self) -> bool:
        begun = self.cycle is not None
        return begun and not self.cycle.response_complete

    def _refuse(self, answer: bytes) -> None:
        """Read no more. A complete request before the broken one still gets its answer, as the last."""
        self._deaf = True
        if self._answering() and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if not (self._answering() and self.cycle.response_started):
            self.transport.write(answer)
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._shared.idle.pop(self, None)
        self._in_head = True
        self._head_bytes = self._message_bytes = 0
        if not self._answering():
            self._within(self._limits.head_seconds)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.head_bytes:
            raise _Refused

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value) + 4)
        # Behind the body it is a trailer: dropped, as HTTP allows, lest it pass for a header.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            # The parser would drop the body of such a request and read what follows as another protocol.
            raise ValueError("no upgrade is offered")
        if len(self.pipeline) >= self._limits.pipelined:
            raise _Refused
        self._in_head = False
        if not self._answering():
            self._within(self._limits.answer_seconds)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        # Answered without having been read to its end: the rest would come without a deadline.
        if not self.pipeline and self.cycle.more_body:
            self.transport.close()
        if self.transport.is_closing():
            self._within(self._limits.head_seconds)
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._within(self._limits.answer_seconds)
            self._start_asgi_task(cycle, app)
        elif self._in_head:
            self._within(self._limits.head_seconds)
        else:
            self._within(self._limits.idle_seconds)
            self._shared.idle[self] = None


class HttpServer:
    """One app on one address, from `start` to `stop`."""

    def __init__(self, app: Application, host: str, port: int, limits: HttpLimits | None = None) -> None:
        self._host = host
        self._port = port
        self._shared = _Connections(_configuration(app), limits or HttpLimits())
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on: the one chosen by the system when 0 was asked for."""
        return self._port

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._shared.state.connections)

    async def start(self) -> None:
        """Return once connections are accepted. Raises CannotListen."""
        loop = asyncio.get_running_loop()
        listener = await self._bind(loop)
        self._port = listener.getsockname()[1]
        self._server = await loop.create_server(lambda: _Connection(self._shared, loop), sock=listener, backlog=2048)

    async def _bind(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, _, _, _, address = found[0]
            both = family == socket.AF_INET6 and self._host == "::" and socket.has_dualstack_ipv6()
            listener = socket.create_server(address[:2], family=family, dualstack_ipv6=both)
            # Accepted connections inherit it; without it an answer waits for the client's delayed acknowledgement.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotListen(f"cannot listen on {self._host} port {self._port}: {reason}") from error
        return listener

    async def stop(self, deadline: float) -> None:
        """Accept nothing new, answer what is in flight for at most `deadline` seconds, then close everything."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._shared.closing = True
        for connection in list(self._shared.state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(deadline):
                await self._drained()
        except TimeoutError:
            await self._abort()

    async def _drained(self) -> None:
        state = self._shared.state
        while state.tasks:
            await asyncio.wait(state.tasks)
        while state.connections:
            self._shared.changed.clear()
            await self._shared.changed.wait()

    async def _abort(self) -> None:
        for connection in list(self._shared.state.connections):
            connection.transport.abort()
        for task in list(self._shared.state.tasks):
            task.cancel()
        # The connections are gone and the tasks cancelled: this ends within a few turns of the loop.
        await self._drained()


def _configuration(app: Application) -> Config:
    config = Config(
        app,
        loop="none",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    config.load()
    return config
