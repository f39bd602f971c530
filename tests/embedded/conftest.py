from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from worker.embedded import Kafka, Postgres, temporary_folder

from . import topics

_AWKWARD = "with spaces and ümläuts"
"""As a folder in a person's home may be called."""


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as new:
        yield new


@pytest.fixture(scope="module")
async def kafka() -> AsyncIterator[Kafka]:
    with temporary_folder() as new:
        async with Kafka(new / _AWKWARD) as started:
            await topics.create(started.bootstrap, "kept")
            await topics.write(started.bootstrap, "kept", b"value")
            yield started


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Kafka]:
    with temporary_folder() as new:
        async with Kafka(new, brokers=3) as started:
            await topics.create(started.bootstrap, "kept", replicas=3)
            await topics.write(started.bootstrap, "kept", b"three")
            yield started


@pytest.fixture(scope="module")
async def shared_postgres() -> AsyncIterator[Postgres]:
    with temporary_folder() as new:
        async with Postgres(new / _AWKWARD) as started:
            yield started


@pytest.fixture
async def postgres(shared_postgres: Postgres) -> Postgres:
    """Up, whatever the test before did to it."""
    if not shared_postgres._process.launched:
        await shared_postgres.start()
    return shared_postgres
