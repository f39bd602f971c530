"""Stripe's answers come in pages; what never ends is no answer."""

import asyncio
import json

import pytest

from tests.ingress.handoff import Handoff
from worker.asgi import Message, Receive, Send
from worker.clock import SystemClock
from worker.http import HttpServer
from worker.lookup import resolver as module
from worker.lookup.capital_api import CapitalApi
from worker.lookup.pace import Pace
from worker.lookup.persistence import Persistence
from worker.lookup.resolver import Resolver
from worker.ports import Question

SECONDS = 30
PAGE = json.dumps({"country": "GB", "data": [{"id": "financingoffer_1"}], "has_more": True}).encode()


class OneQuestion:
    """A survey that is due once; what is put off is remembered."""

    def __init__(self) -> None:
        self.due = [Question(livemode=True, account="acct_1", kind="survey", subject="", due=0, attempts=1)]
        self.put_off = asyncio.Event()

    async def take(self, most: int, lease_seconds: float) -> list[Question]:
        due, self.due = self.due, []
        return due

    async def retry(self, question: Question, seconds: float) -> None:
        self.put_off.set()


async def answer(_scope: Message, _receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(PAGE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})


async def test_a_survey_whose_pages_never_end_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_SECONDS", 0.2)
    server = HttpServer(answer, "127.0.0.1", 0)
    await server.start()
    clock, questions, handoff = SystemClock(), OneQuestion(), Handoff()
    api = CapitalApi(["sk_live_1"], f"http://127.0.0.1:{server.port}", Pace(1_000, clock))
    resolver = Resolver(questions, api, handoff, Persistence(2, 1), clock)
    running = asyncio.create_task(resolver.run())
    async with asyncio.timeout(SECONDS):
        await questions.put_off.wait()
        resolver.stop()
        await running
    assert handoff.records == []
    await api.close()
    await server.stop(0)
