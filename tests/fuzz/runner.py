"""One run: a real ingress before a real broker, hostile clients for a while, and then a reckoning."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.usage import resident_bytes
from tests.fuzz.attempts import Attempt, attempt
from tests.fuzz.bodies import CANARY
from tests.fuzz.clients import Clients
from tests.fuzz.figures import Figures, Sample
from tests.fuzz.topic_check import TopicCheck
from tests.journeys.child import Child
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post

WORKERS = 24
SLOW = 8
SAMPLE_SECONDS = 1.0
SETTLED_SECONDS = 60.0
# Kafka's client opens and closes a few connections as it likes.
MORE_FILES = 8
SECRETS = ("whsec_fuzzed_new", "whsec_fuzzed_old")


@dataclass(frozen=True)
class Plan:
    """How long, from which seed, and beginning with which input."""

    seconds: float
    seed: int
    first: int = 0
    only: bool = False


async def run(plan: Plan, system: System, report: Callable[[str], None]) -> Figures:
    """Fuzz an ingress of `system`, whose topics exist; what came of it."""
    system.environ["CAPITAL_WEBHOOK_SECRETS"] = ",".join(SECRETS)
    figures = Figures(plan.seed)
    check = TopicCheck(figures)
    ingress = system.child("ingress")
    ingress.start()
    await ingress.ready()
    files = _open_files(ingress.pid)
    async with _watched(ingress, figures), _followed(system, check):
        clients = Clients(int(system.environ["CAPITAL_INGRESS_PORT"]), figures, check)
        await _attack(plan, clients, ingress, report)
        await _reckon(system, ingress, figures, check, files)
    await _end(ingress, figures)
    return figures


async def _attack(plan: Plan, clients: Clients, ingress: Child, report: Callable[[str], None]) -> None:
    began = reported = time.monotonic()

    def more() -> bool:
        nonlocal reported
        now = time.monotonic()
        if now - reported > plan.seconds / 10:
            reported = now
            report(f"{now - began:.0f} s, {clients.figures.inputs.total()} inputs")
        return ingress.running and now - began < plan.seconds

    def once() -> bool:
        return not clients.figures.inputs

    if plan.only:
        await clients.work(_attempts(plan), once)
        return
    attempts = _attempts(plan)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(WORKERS):
            tasks.create_task(clients.work(attempts, more))
        for _ in range(SLOW):
            tasks.create_task(clients.dawdle(more))


def _attempts(plan: Plan) -> Iterator[Attempt]:
    return (attempt(plan.seed, number, SECRETS) for number in count(plan.first))


async def _reckon(system: System, ingress: Child, figures: Figures, check: TopicCheck, files: int) -> None:
    """After the storm: still at work, everything on the topic, and nothing held open."""
    if not ingress.running:
        figures.complain(f"the ingress ended:\n{ingress.report()}")
        return
    body = offer_event("evt_after_all")
    check.sign(body)
    answer = await post(system.url, body, SECRETS[:1])
    if answer.status_code != 200:
        figures.complain(f"a good webhook after all: {answer.status_code}")
    await _until(lambda: check.missing() == 0)
    figures.lost = check.missing()
    if not await _until(lambda: _open_files(ingress.pid) <= files + MORE_FILES):
        figures.complain(f"{_open_files(ingress.pid)} files are open, {files} were before")


async def _end(ingress: Child, figures: Figures) -> None:
    if ingress.running and (status := await ingress.terminate()):
        figures.complain(f"the ingress ended with status {status}")
    for forbidden in (CANARY, *SECRETS, "Traceback"):
        if forbidden in ingress.log():
            figures.complain(f"the log has {forbidden!r}")


async def _until(condition: Callable[[], bool]) -> bool:
    try:
        async with asyncio.timeout(SETTLED_SECONDS):
            while not condition():  # noqa: ASYNC110 - another process gives no signal
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def _watched(ingress: Child, figures: Figures) -> AsyncIterator[None]:
    async def sample() -> None:
        began = time.monotonic()
        while ingress.running:
            resident, files = resident_bytes(ingress.pid), _open_files(ingress.pid)
            figures.samples.append(Sample(time.monotonic() - began, resident, files, figures.inputs.total()))
            await asyncio.sleep(SAMPLE_SECONDS)

    async with _beside(sample()):
        yield


@asynccontextmanager
async def _followed(system: System, check: TopicCheck) -> AsyncIterator[None]:
    async def follow() -> None:
        async for record in system.events_topic.follow(float("inf"), str):
            check.find(record)

    async with _beside(follow()):
        yield


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
