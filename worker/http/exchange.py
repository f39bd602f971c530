"""One request and its answer: uvicorn's, but that a short answer is one write; a client that left is never an error."""

import asyncio
from functools import lru_cache
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

from worker.asgi import Application, Message, Receive, Send

_START: Final = "http.response.start"


class Exchange(RequestResponseCycle):
    """Holds the head of an answer back until its body comes: two writes are two packets, and two wake-ups of a client.

    A client may go away and a server give up, and uvicorn would log both as failures of the app.
    """

    def __init__(self, app: Application, **uvicorns: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**uvicorns)
        self._app = app
        self._held: Message | None = None

    async def run(self) -> None:
        """Have the app answer."""
        await self.run_asgi(self._attended)  # type: ignore[arg-type]  # uvicorn has types of its own for an app

    async def _attended(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            self.disconnected = True

    async def send(self, message: Any) -> None:  # noqa: ANN401 - uvicorn has types of its own for it
        """Part of the answer."""
        # Between the end of a connection and its being told, a write raises.
        if self.transport.is_closing():
            self.disconnected = True
        if message["type"] == _START and not self.response_started:
            self._held = message
            return
        start, self._held = self._held, None
        if start is not None:
            if self._answered_whole(start, message):
                return
            await super().send(start)  # type: ignore[arg-type]  # see above
        await super().send(message)

    def _answered_whole(self, start: Message, message: Message) -> bool:
        """Whether it was an answer in one piece, and has been written; anything else is left to uvicorn."""
        if message.get("more_body") or self.flow.write_paused or self.disconnected or self.scope["method"] == "HEAD":
            return False
        head, length, last = _rendered(start["status"], tuple(start["headers"]), self.keep_alive)
        body: bytes = message["body"]
        if len(body) != length:
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(head + body)
        self.message_event.set()
        if last:
            self.keep_alive = False
            self.transport.close()
        self.on_response()
        return True


@lru_cache(maxsize=64)
def _rendered(status: int, headers: tuple[tuple[bytes, bytes], ...], keep: bool) -> tuple[bytes, int, bool]:  # noqa: FBT001 - a key of the cache
    """The head as bytes, the length of body that fits it, and whether the connection ends with this answer.

    No length fits (-1) what only uvicorn should write, or refuse to.
    """
    named = {name.lower(): value for name, value in headers}
    closes = named.get(b"connection") == b"close"
    lines = [b"%b: %b\r\n" % header for header in named.items()]
    if not (keep or closes):
        lines.append(b"connection: close\r\n")
    head = b"".join([STATUS_LINE[status], *lines, b"\r\n"])
    plain = len(named) == len(headers) and b"transfer-encoding" not in named and closes == (b"connection" in named)
    if not plain or any(HEADER_RE.search(name) or HEADER_VALUE_RE.search(value) for name, value in named.items()):
        return head, -1, closes
    return head, int(named.get(b"content-length", -1)), closes or not keep
