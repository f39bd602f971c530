"""The cluster: how to reach it, and the client's errors and hangs turned into the ports' own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, ProducerFenced

from worker.ports import Fenced, Unavailable
from worker.settings import Settings

# The client's own calls can wait for ever while brokers are away; none of them is made without this.
CALL_SECONDS: Final = 15
CLOSE_SECONDS: Final = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """What every client of the cluster is made with."""

    options: Mapping[str, Any]

    @classmethod
    def of(cls, settings: Settings) -> "Cluster":
        """The cluster that the settings name."""
        options: dict[str, Any] = {
            "bootstrap_servers": settings.kafka_bootstrap,
            "security_protocol": settings.kafka_security_protocol,
            "client_id": "capital-worker",
            "request_timeout_ms": 10_000,
            "retry_backoff_ms": 100,
        }
        if settings.kafka_security_protocol.endswith("SSL"):
            options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file or None)
        if settings.kafka_security_protocol.startswith("SASL"):
            options |= {
                "sasl_mechanism": settings.kafka_sasl_mechanism,
                "sasl_plain_username": settings.kafka_sasl_username,
                "sasl_plain_password": settings.kafka_sasl_password,
            }
        return cls(options)


@asynccontextmanager
async def answered(what: str, seconds: float = CALL_SECONDS) -> AsyncIterator[None]:
    """Bound what is awaited inside, and raise Fenced or Unavailable instead of the client's errors."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except ProducerFenced as error:
        raise Fenced(f"kafka: {what}: another owner has begun") from error
    except TimeoutError as error:
        raise Unavailable(f"kafka: {what}: no answer in {seconds:g} s") from error
    except (KafkaError, OSError) as error:
        raise Unavailable(f"kafka: {what}: {_said(error)}") from error


def _said(error: BaseException) -> str:
    """The error and what it came from: the client wraps some that would say which right is missing."""
    said = f"{type(error).__name__}: {error}"
    return f"{said} ({_said(error.__cause__)})" if isinstance(error.__cause__, KafkaError) else said


async def let_go(stop: Callable[[], Coroutine[None, None, object]]) -> None:
    """Stop a client, and wait for no more than a moment: whatever it still held was never promised to anybody.

    In a task of its own, for the client takes the cancellation of a call to stop it for that of its own tasks, and
    goes on waiting for one that never ends.
    """
    stopping = asyncio.create_task(stop())
    try:
        await asyncio.wait({stopping}, timeout=CLOSE_SECONDS)
    finally:
        if not stopping.done():
            stopping.cancel()
            _given_up.add(stopping)
            stopping.add_done_callback(_forget)
    if stopping.done() and not stopping.cancelled():
        error = stopping.exception()
        if error is not None and not isinstance(error, TimeoutError | KafkaError | OSError):
            raise error


# The loop itself holds on to no task.
_given_up: Final[set["asyncio.Task[object]"]] = set()


def _forget(stopping: "asyncio.Task[object]") -> None:
    _given_up.discard(stopping)
    if not stopping.cancelled():
        stopping.exception()


@asynccontextmanager
async def administering(cluster: Cluster) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for a question or two about the cluster itself. Raises Unavailable."""
    admin = AIOKafkaAdminClient(**cluster.options)
    try:
        async with answered("connecting"):
            await admin.start()
        yield admin
    finally:
        await let_go(admin.close)
