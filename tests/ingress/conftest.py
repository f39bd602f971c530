from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import get_args

import httpx
import pytest

from worker.asgi import Application
from worker.clock import SystemClock
from worker.health import Health, HealthApp
from worker.http import HttpLimits, HttpServer
from worker.ingress.answers import Outcome
from worker.ingress.app import Ingress
from worker.ingress.bodies import Bodies, BodyLimits
from worker.ingress.refusals import Refusals
from worker.ingress.signature import Signatures
from worker.metrics import REGISTRY

from .handoff import Handoff
from .webhooks import NEW_SECRET, OLD_SECRET

Serve = Callable[..., Awaitable[HttpServer]]


@dataclass(frozen=True)
class Running:
    """An ingress that listens, and what it hands to."""

    port: int
    handoff: Handoff
    health: Health
    bodies: Bodies
    server: HttpServer

    @property
    def webhooks(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhooks/stripe"


Start = Callable[..., Awaitable[Running]]


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=5, verify=False, limits=limits, trust_env=False) as client:
        yield client


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves any app on a free port; stops at the end."""
    async with AsyncExitStack() as stack:

        async def start(app: Application, limits: HttpLimits | None = None) -> HttpServer:
            server = HttpServer(app, "127.0.0.1", 0, limits)
            await server.start()
            stack.push_async_callback(server.stop, 0)
            return server

        yield start


@pytest.fixture
async def start(serve: Serve) -> Start:
    """Starts an ingress; its deadlines can be made short."""

    async def begin(
        limits: HttpLimits | None = None, body_limits: BodyLimits | None = None, append_seconds: float = 5
    ) -> Running:
        handoff, health, bodies = Handoff(), Health(), Bodies(body_limits or BodyLimits())
        signatures = Signatures((NEW_SECRET, OLD_SECRET))
        ingress = Ingress(
            handoff,
            signatures,
            HealthApp(health),
            bodies=bodies,
            refusals=Refusals(SystemClock()),
            append_seconds=append_seconds,
        )
        server = await serve(ingress, limits)
        return Running(server.port, handoff, health, bodies, server)

    return begin


@pytest.fixture
async def running(start: Start) -> Running:
    return await start()


@pytest.fixture
def counted() -> Callable[[str], float]:
    """How often an outcome has been counted since the test began."""

    def value(outcome: str) -> float:
        return REGISTRY.get_sample_value("capital_ingress_requests_total", {"outcome": outcome}) or 0

    before = {outcome: value(outcome) for outcome in get_args(Outcome)}
    return lambda outcome: value(outcome) - before[outcome]
