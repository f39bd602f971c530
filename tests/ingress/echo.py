"""An app that says what it was asked for, and a client's view of its answers."""

import asyncio

from worker.asgi import Message, Receive, Send

from .client import Client

GET = b"GET /%b HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Echo:
    """Answers with the path; /slow waits to be let go, /large is more than a socket holds."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()
        self.headers: dict[bytes, bytes] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.headers = dict(scope["headers"])
        self.asked.set()
        if scope["path"] == "/slow":
            await self.let_go.wait()
        if scope["path"] == "/body":
            while (await receive()).get("more_body"):
                pass
        body = b"x" * 50_000_000 if scope["path"] == "/large" else scope["path"].encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(body), 1_000_000):
            more = start + 1_000_000 < len(body)
            await send({"type": "http.response.body", "body": body[start : start + 1_000_000], "more_body": more})


async def paths(client: Client, count: int) -> list[bytes]:
    return [(await client.answer()).body for _ in range(count)]
