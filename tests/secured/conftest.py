"""A Kafka and a Postgres that trust nobody, for the tests of this folder."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.secured.certificates import Certificates
from tests.secured.guarded_kafka import GuardedKafka
from tests.secured.tls_postgres import postgres_with_tls
from tests.secured.users import users
from worker.embedded import Postgres, temporary_folder

ROLES: Final = Path(__file__).parents[2] / "deploy/database/roles.sql"


@pytest.fixture(scope="module")
async def certificates() -> AsyncIterator[Certificates]:
    """Of an authority that no system knows."""
    with temporary_folder() as folder:
        yield Certificates(folder)


@pytest.fixture(scope="module")
async def guarded(certificates: Certificates) -> AsyncIterator[GuardedKafka]:
    """A broker with the users of the manifests, none of whom may do anything yet."""
    with temporary_folder() as folder:
        guarded = GuardedKafka(folder / "kafka", certificates, users())
        async with guarded.kafka:
            yield guarded


@pytest.fixture(scope="module")
async def admin(guarded: GuardedKafka) -> AsyncIterator[AIOKafkaAdminClient]:
    """Whoever grants."""
    admin = AIOKafkaAdminClient(bootstrap_servers=guarded.kafka.bootstrap)
    await admin.start()
    yield admin
    await admin.close()


@pytest.fixture(scope="module")
async def tls_postgres(certificates: Certificates) -> AsyncIterator[Postgres]:
    """A server with TLS only."""
    with temporary_folder() as folder:
        async with await postgres_with_tls(folder, certificates) as started:
            yield started


@pytest.fixture(scope="module")
async def databases(tls_postgres: Postgres, certificates: Certificates) -> AsyncIterator[Mapping[str, str]]:
    """The URL of each role of `deploy/database`, with its password and the authority to check the server by."""
    checked = f"?sslmode=verify-full&sslrootcert={certificates.authority}"
    connection = await asyncpg.connect(tls_postgres.url + checked)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        await connection.execute(ROLES.read_text())
        urls = {}
        _, _, server = tls_postgres.url.rpartition("@")
        for role in ("owner", "worker", "reader"):
            password = secrets.token_urlsafe(12)
            await connection.execute(f"ALTER ROLE capital_{role} PASSWORD '{password}'")
            urls[role] = f"postgresql://capital_{role}:{password}@{server}{checked}"
        yield urls
