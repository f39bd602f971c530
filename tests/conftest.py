"""Real servers for the whole run, and a system of its own on them for every test; a server that fails, fails a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from tests.journeys.system import System
from worker.embedded import Kafka, Postgres, temporary_folder

COORDINATING_SECONDS = 30
_numbers = count(1)


@pytest.fixture(scope="session")
async def kafka() -> AsyncIterator[Kafka]:
    """One real broker. When it cannot start, its error with the end of its log is the test's error."""
    with temporary_folder() as folder:
        async with Kafka(folder / "kafka") as started:
            await _coordinating(started.bootstrap)
            yield started


async def _coordinating(bootstrap: str) -> None:
    """Return once groups have a coordinator: the topic it needs comes into being when it is first asked for."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        async with asyncio.timeout(COORDINATING_SECONDS):
            while True:
                try:
                    await admin.find_coordinator("any")
                except GroupCoordinatorNotAvailableError:
                    continue
                return
    finally:
        await admin.close()


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """One real database server, with everything that concerns durability switched on."""
    with temporary_folder() as folder:
        async with Postgres(folder / "postgres") as started:
            yield started


@pytest.fixture
async def systems(kafka: Kafka, postgres: Postgres, tmp_path: Path) -> AsyncIterator[Callable[[], System]]:
    """Makes systems that share nothing but the servers; nothing of one exists before it is asked for."""
    async with AsyncExitStack() as stack:

        def make() -> System:
            name = f"system{next(_numbers)}"
            made = System(name, kafka.bootstrap, postgres.url, tmp_path / name)
            stack.push_async_callback(made.close)
            return made

        yield make


@pytest.fixture
async def system(systems: Callable[[], System]) -> System:
    """Topics, group, schema, ports and secret that no other test has."""
    return systems()
