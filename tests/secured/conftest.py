"""A Kafka and a Postgres that trust nobody, for the tests of this folder."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.journeys.system import System
from tests.secured.certificates import Certificates
from tests.secured.guarded_kafka import GuardedKafka
from tests.secured.tls_postgres import postgres_with_tls
from tests.secured.users import users
from worker.embedded import Postgres, temporary_folder

# The names that the manifests grant rights on; no test of this folder that uses them has any of its own.
OWN_NAMES: Final = ("DATABASE_SCHEMA", "EVENTS_TOPIC", "NOTIFICATIONS_TOPIC", "DEAD_LETTERS_TOPIC", "CONSUMER_GROUP")
ROLES: Final = Path(__file__).parents[2] / "deploy/database/roles.sql"


@pytest.fixture(scope="package")
async def certificates() -> AsyncIterator[Certificates]:
    """Of an authority that no system knows."""
    with temporary_folder() as folder:
        yield Certificates(folder)


@pytest.fixture(scope="package")
async def guarded(certificates: Certificates) -> AsyncIterator[GuardedKafka]:
    """A broker with the users of the manifests, none of whom may do anything yet."""
    with temporary_folder() as folder:
        guarded = GuardedKafka(folder / "kafka", certificates, users())
        async with guarded.kafka:
            yield guarded


@pytest.fixture(scope="package")
async def admin(guarded: GuardedKafka) -> AsyncIterator[AIOKafkaAdminClient]:
    """Whoever grants."""
    admin = AIOKafkaAdminClient(bootstrap_servers=guarded.kafka.bootstrap)
    await admin.start()
    yield admin
    await admin.close()


@pytest.fixture(scope="package")
async def tls_postgres(certificates: Certificates) -> AsyncIterator[Postgres]:
    """A server with TLS only."""
    with temporary_folder() as folder:
        async with await postgres_with_tls(folder, certificates) as started:
            yield started


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
async def granted(guarded: GuardedKafka, admin: AIOKafkaAdminClient) -> GuardedKafka:
    """The broker, with every right of the manifests given."""
    for grants in users().values():
        for grant in grants:
            await grant.give(admin)
    return guarded


@pytest.fixture(scope="package")
async def secured(
    granted: GuardedKafka, databases: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """A system whose topics and tables were made by those who may, under the names of the settings' defaults."""
    system = System(
        "capital", granted.kafka.bootstrap, databases["worker"], tmp_path_factory.mktemp("secured") / "system"
    )
    for name in OWN_NAMES:
        del system.environ[f"CAPITAL_{name}"]
    # The operator of the cluster makes them; the role only verifies.
    await system.topics()
    verified = await system.run("topics", **granted.environ("capital-topics"))
    assert verified.status == 0, verified.err
    migrated = await system.run("migrate", CAPITAL_DATABASE_URL=databases["owner"])
    assert migrated.status == 0, migrated.err
    yield system
    await system.close()
