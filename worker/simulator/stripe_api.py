"""Stripe's Capital API, played over real HTTP from a simulated world; it never learns what the worker makes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from worker.asgi import Message, Receive, Send
from worker.http import HttpLimits, HttpServer
from worker.simulator.api_answer import ApiAnswer, answered
from worker.simulator.api_request import ApiRequest, received_request
from worker.simulator.books import Books
from worker.simulator.endpoints import Endpoints
from worker.simulator.refusals import Refused
from worker.simulator.troubles import Silence, Troubles
from worker.simulator.world import World

# A request that hangs must outlive its client's patience, whatever that is.
_LIMITS: Final = HttpLimits(answer_seconds=86_400)
# For answers on their way when the server stops; what hangs is then cut off.
_STOP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and the status it was answered with: None while it is not, and for ever if it hangs."""

    request: ApiRequest
    status: int | None = None


class StripeApi:
    """An ASGI app that answers as Stripe would for this world.

    `now` gives the simulated second (since the epoch) to answer for: objects as of then, and the events of the 30 days
    before. Without it everything has happened, and every event is listed.
    """

    def __init__(self, world: World, *, now: Callable[[], float] | None = None) -> None:
        self.troubles = Troubles()
        self._endpoints = Endpoints(world, Books(world.histories, now))
        self._asked: list[Asked] = []
        self._came = asyncio.Condition()

    @property
    def requests(self) -> tuple[Asked, ...]:
        """Every request so far, in the order in which they came."""
        return tuple(self._asked)

    def asked(self, pattern: str) -> tuple[Asked, ...]:
        """The requests so far to such paths; `*` stands for anything."""
        return tuple(asked for asked in self._asked if fnmatchcase(asked.request.path, pattern))

    async def until_asked(self, pattern: str, *, times: int = 1) -> None:
        """Return once at least so many requests have come to such paths; the caller sets the deadline."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.asked(pattern)) >= times)

    @asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """The base address while it is served; port 0 lets the system choose. Raises CannotListen."""
        server = HttpServer(self, host, port, _LIMITS)
        await server.start()
        try:
            yield f"http://{host}:{server.port}"
        finally:
            await server.stop(_STOP_SECONDS)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or let it hang."""
        request = await received_request(scope, receive)
        number = len(self._asked)
        self._asked.append(Asked(request))
        async with self._came:
            self._came.notify_all()
        answer = self.troubles.take(request.path) or self._answer(request)
        if isinstance(answer, Silence):
            await _given_up(receive)
            return
        self._asked[number] = replace(self._asked[number], status=answer.status)
        await answer.send(send, f"req_1{number:013d}")

    def _answer(self, request: ApiRequest) -> ApiAnswer:
        try:
            return answered(self._endpoints.answer(request))
        except Refused as refusal:
            return refusal.answer


async def _given_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
