"""One connection: uvicorn's protocol, with a bound on whatever its client may send, leave out or not read."""

import asyncio
from collections import deque
from typing import Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from worker.http.connections import Connections
from worker.http.exchange import Exchange


class _Refused(Exception):  # noqa: N818 - named for what happened
    """Raised inside the parser's callbacks to stop it; never leaves this module."""


def _plain(status: str, text: bytes, extra: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {len(text)}\r\nconnection: close\r\n"
    return head.encode() + extra + b"\r\n" + text


_FULL: Final = _plain("503 Service Unavailable", b"no more connections are taken\n", b"retry-after: 5\r\n")
_INVALID: Final = _plain("400 Bad Request", b"not a valid HTTP/1.1 request\n")
_HEAD_TOO_LARGE: Final = _plain("431 Request Header Fields Too Large", b"the request head is too large\n")
_MESSAGE_TOO_LARGE: Final = _plain("413 Content Too Large", b"the request is too large\n")


class Connection(HttpToolsProtocol):
    """One connection, with a deadline at every moment of its life.

    The deadline is a number that is moved, and one timer looks at it: a busy connection arms none for its requests.
    """

    def __init__(self, shared: Connections) -> None:
        super().__init__(shared.config, shared.state, {}, shared.loop)
        self._shared = shared
        self._limits = shared.limits
        self._in_head = True
        self._head_bytes = 0
        self._fields = 0
        self._message_bytes = 0
        self._ahead_bytes = 0
        self._deaf = False
        self._begun: Exchange | None = None
        # What was sent ahead, the oldest first; uvicorn's own line stays empty.
        self._line: deque[Exchange] = deque()
        self._deadline = self.loop.time() + self._limits.head_seconds
        self._timer = self.loop.call_at(self._deadline, self._look)

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
        """Take the connection, or say that there is no room for it."""
        if not self._shared.closing and self._shared.has_room():
            transport.set_write_buffer_limits(self._limits.unread_bytes)
            super().connection_made(transport)
            self._shared.receiving(self)
            return
        self.transport = transport
        self._deaf = True
        transport.write(_FULL)
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it, and tell the request at hand; uvicorn tells the newest only."""
        self._timer.cancel()
        self._shared.busy(self)
        self._line.clear()
        if self._begun is not None:
            self._begun.disconnected = True
            self._begun.message_event.set()
        super().connection_lost(exc)
        self._shared.changed.set()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless nothing more is wanted."""
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
        """Read no more. Whole requests before the broken one still get their answers; this one gets none then."""
        self._deaf = True
        last = self._last_whole()
        if last is not None:
            last.keep_alive = False
            self.flow.pause_reading()
            return
        if not (self._answering() and self.cycle.response_started):
            self.transport.write(answer)
        self.transport.close()

    def _last_whole(self) -> Exchange | None:
        """The last request that came whole and is not answered; one that waits in line and is not whole is dropped."""
        if self._line and self._line[-1].more_body:
            self._line.pop()
        if self._line:
            return self._line[-1]
        begun = self._begun
        return begun if begun is not None and not (begun.more_body or begun.response_complete) else None

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = self._fields = self._message_bytes = 0
        if not self._answering():
            self._within(self._limits.head_seconds)
            self._shared.receiving(self)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.head_bytes:
            raise _Refused

    def _count_ahead(self, size: int) -> None:
        """Nobody takes what is sent ahead before the answer at hand is given: until then it lies in memory."""
        self._ahead_bytes += size
        if self._ahead_bytes > self._limits.ahead_bytes:
            raise _Refused

    def on_url(self, url: bytes) -> None:
        """Part of the request's target."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or trailer."""
        self._count_head(len(name) + len(value) + 4)
        self._fields += 1
        if self._fields > self._limits.fields:
            raise _Refused
        # Behind the body it is a trailer: dropped, as HTTP allows, lest it pass for a header.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request is known but for its body: it is given to the app, or waits for the one before it."""
        if self.parser.should_upgrade():
            # The parser would drop the body of such a request and read what follows as another protocol.
            raise ValueError("no upgrade is offered")
        if len(self._line) >= self._limits.pipelined:
            raise _Refused
        self._in_head = False
        waits = self._answering()
        if waits:
            self._count_ahead(self._head_bytes)
        self.cycle = exchange = self._exchange()
        if waits:
            self.flow.pause_reading()
            self._line.append(exchange)
        else:
            self._start(exchange)

    def _exchange(self) -> Exchange:
        version = self.parser.get_http_version()
        target = httptools.parse_url(self.url)
        self.scope |= {
            "method": self.parser.get_method().decode("ascii"),
            "http_version": version,
            "path": unquote(target.path.decode("ascii")),
            "raw_path": target.path,
            "query_string": target.query or b"",
        }
        return Exchange(
            self.app,
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """Part of the newest request's body."""
        if self._line:
            self._count_ahead(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The newest request is whole."""
        super().on_message_complete()
        self._shared.busy(self)

    def on_response_complete(self) -> None:
        """An answer is given: the next request in line has its turn, or is waited for."""
        # Answered without having been read to its end: the rest would come without a deadline.
        if not self._line and self.cycle.more_body:
            self.transport.close()
        if self.transport.is_closing():
            self._within(self._limits.head_seconds)
            return
        self.flow.resume_reading()
        if self._line:
            self._begin_next()
        elif self._in_head:
            self._within(self._limits.head_seconds)
            self._shared.receiving(self)
        else:
            self._within(self._limits.idle_seconds)
            self._shared.idle(self)

    def _begin_next(self) -> None:
        exchange = self._line.popleft()
        if not self._line:
            self._ahead_bytes = 0
            if exchange.more_body:
                self._shared.receiving(self)
        self._start(exchange)

    def _start(self, exchange: Exchange) -> None:
        self._begun = exchange
        self._within(self._limits.answer_seconds)
        task = self.loop.create_task(exchange.run())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
