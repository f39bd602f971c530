"""Attending: what surrounds a role while it runs: watchdog, health port, spans, and its end when told to."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import structlog

from worker.health import Health, HealthApp
from worker.http import HttpServer
from worker.settings import Settings
from worker.tracing import TRACING
from worker.watchdog import Watchdog

# OpenTelemetry's own names: whoever runs a collector knows them.
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Runner(Protocol):
    """What runs until it is stopped, and then finishes what it has begun."""

    async def run(self) -> None:
        """Run."""
        ...

    def stop(self) -> None:
        """Begin nothing more."""
        ...


async def until_stopped(runner: Runner, stop: asyncio.Event, seconds: float) -> None:
    """Run until told to stop; then it has so long to finish, and after that it is cut where it stands."""
    running = asyncio.create_task(runner.run())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    runner.stop()
    finished, _ = await asyncio.wait({running}, timeout=seconds)
    if finished:
        await running
        return
    # Nothing is lost: what was not committed is done again from the cursor, by whoever has the partition next.
    structlog.get_logger().warning("work.cut", seconds=seconds)
    running.cancel()
    await asyncio.wait({running})


@asynccontextmanager
async def attended(health: Health) -> AsyncIterator[None]:
    """What every role needs, whichever port answers for its health."""
    asyncio.get_running_loop().set_exception_handler(_unattended)
    watching = asyncio.create_task(Watchdog(health).run())
    try:
        yield
    finally:
        watching.cancel()


@asynccontextmanager
async def traced(role: str, environ: Mapping[str, str]) -> AsyncIterator[None]:
    """Send this process's spans from here on, if an endpoint is named. That the SDK is missing ends no process."""
    if not any(environ.get(name) for name in ENDPOINTS):
        yield
        return
    try:
        from worker.spans import OpenTelemetry  # noqa: PLC0415 - it is an extra, and a heavy one
    except ImportError:
        structlog.get_logger().warning("tracing.missing", reason="an endpoint is named: install capital-worker[otel]")
        yield
        return
    spans = TRACING.spans = OpenTelemetry(role)
    try:
        yield
    finally:
        TRACING.spans = None
        await spans.close()


@asynccontextmanager
async def health_port(health: Health, settings: Settings) -> AsyncIterator[None]:
    """The pages on a port of their own, for roles that have no other."""
    server = HttpServer(HealthApp(health), settings.health_host, settings.health_port)
    await server.start()
    try:
        yield
    finally:
        await server.stop(1)


def _unattended(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for a failure that nobody awaits; a Kafka client that is fenced leaves some behind.

    The loop's own way is to log the stack, in some formats with every variable on it: payloads and secrets.
    """
    error = context.get("exception")
    frames = traceback.extract_tb(error.__traceback__) if isinstance(error, BaseException) else []
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
    structlog.get_logger().warning("loop.unattended", what=context["message"], error=type(error).__name__, where=where)
