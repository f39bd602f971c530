"""Whatever is silent when a role is told to stop, it ends in its time, and what it said before holds."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from tests.journeys.child import Child
from tests.journeys.silence import silent
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post
from worker.embedded import Kafka

IN_FLIGHT = 5
SECONDS = 60


def posts(system: System) -> Sequence[asyncio.Task[httpx.Response]]:
    """Webhooks on their way, all for one partition."""
    bodies = [offer_event(f"evt_{number}") for number in range(IN_FLIGHT)]
    return [asyncio.create_task(post(system.url, body, system.secrets)) for body in bodies]


async def open_files(child: Child) -> float:
    return await child.metric("process_open_fds") or 0


async def taken(child: Child, files: float) -> None:
    """Return once it has so many files open: the webhooks on their way are its business now."""

    async def has() -> bool:
        return await open_files(child) >= files

    await child.until(has, "taking connections", SECONDS)


async def deaf(child: Child) -> None:
    """Return once it takes no connections any more: it is on its way out."""
    while await alive(child):
        pass


async def alive(child: Child) -> bool:
    return await child.page("/livez") is not None


@pytest.mark.parametrize("role", ["lookup", "serve"])
async def test_a_role_beside_a_silent_broker_ends_in_its_time_with_status_0(
    system: System, kafka: Kafka, role: str
) -> None:
    await system.prepare()
    child = system.child(role)
    child.start()
    await child.ready()
    delivering: Sequence[asyncio.Task[httpx.Response]] = []
    if role == "serve":
        assert (await post(system.url, offer_event("evt_first"), system.secrets)).status_code == 200
    before = await open_files(child)
    async with silent(kafka):
        if role == "serve":
            delivering = posts(system)
            await taken(child, before + IN_FLIGHT)
        assert await child.terminate() == 0
        assert {(await delivery).status_code for delivery in delivering} <= {503}
    assert "shutdown.overdue" not in child.log()


async def test_what_an_ingress_has_in_flight_when_it_is_told_to_stop_is_answered_and_on_the_topic_if_with_200(
    system: System, kafka: Kafka
) -> None:
    await system.topics()
    ingress = system.child("ingress")
    ingress.start()
    await ingress.ready()
    assert (await post(system.url, offer_event("evt_first"), system.secrets)).status_code == 200
    before = await open_files(ingress)
    async with silent(kafka):
        delivering = posts(system)
        await taken(ingress, before + IN_FLIGHT)
        ended = asyncio.create_task(ingress.terminate())
        await deaf(ingress)
    statuses = [(await delivery).status_code for delivery in delivering]
    # 503 only where the machine was so slow that the broker was silent for 5 seconds.
    assert set(statuses) <= {200, 503}
    assert await ended == 0
    assert len(await system.events_topic.records()) >= 1 + statuses.count(200)


@pytest.mark.parametrize("role", ["ingress", "serve"])
async def test_a_role_that_still_waits_for_a_silent_server_ends_when_it_is_told_to(
    system: System, kafka: Kafka, role: str
) -> None:
    await system.prepare()
    child = system.child(role)
    async with silent(kafka):
        child.start()
        await child.until(lambda: alive(child), "alive", SECONDS)
        assert await child.page("/readyz") is None
        assert await child.terminate() == 0
    assert "shutdown.overdue" not in child.log()
