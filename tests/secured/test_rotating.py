"""Secrets are changed under a system that works, and no webhook with a valid signature is refused."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from tests.journeys.child import Child
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post

OLD, NEW = "whsec_old", "whsec_new"


@dataclass
class Traffic:
    """Webhooks one after the other, signed as Stripe signs at the time."""

    url: str
    signed_with: Sequence[str]
    answers: list[int] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        for number in count():
            account = f"acct_rotated_{number}"
            answer = await post(self.url, offer_event(f"evt_{number}", account=account), tuple(self.signed_with))
            async with self.more:
                self.answers.append(answer.status_code)
                self.accounts.append(account)
                self.more.notify_all()

    async def flows(self, webhooks: int = 20) -> None:
        """Return once so many more have been answered."""
        async with asyncio.timeout(60), self.more:
            wanted = len(self.answers) + webhooks
            await self.more.wait_for(lambda: len(self.answers) >= wanted)


@asynccontextmanager
async def flowing(system: System, *signed_with: str) -> AsyncIterator[Traffic]:
    traffic = Traffic(system.url, signed_with)
    running = asyncio.create_task(traffic.run())
    try:
        yield traffic
    finally:
        running.cancel()


def replace(path: Path, content: str) -> None:
    """As Kubernetes changes a secret's file: from one moment to the next another one."""
    fresh = path.with_suffix(".fresh")
    fresh.write_text(content)
    fresh.replace(path)


async def taken_twice(serve: Child) -> bool:
    return serve.log().count("secrets.taken") > 1


async def test_a_webhook_secret_is_rolled_without_refusing_a_webhook(system: System, tmp_path: Path) -> None:
    file = tmp_path / "webhook-secrets"
    replace(file, OLD)
    system.environ |= {"CAPITAL_WEBHOOK_SECRETS": "", "CAPITAL_WEBHOOK_SECRETS_FILE": str(file)}
    del system.environ["CAPITAL_WEBHOOK_SECRETS"]
    await system.prepare()
    serve = await system.serve()
    async with flowing(system, OLD) as traffic:
        await traffic.flows()
        traffic.signed_with = (OLD, NEW)
        await traffic.flows()
        replace(file, f"{NEW},{OLD}")
        await serve.logged("secrets.taken")
        traffic.signed_with = (NEW,)
        await traffic.flows()
        replace(file, NEW)
        await serve.until(partial(taken_twice, serve), "going by the new secret alone", 30)
        await traffic.flows()
    assert set(traffic.answers) == {200}
    assert not (await post(system.url, offer_event("evt_old"), (OLD,))).is_success
    await system.settled(f"live:financingoffer_{account}:created" for account in traffic.accounts)


@pytest.fixture
async def password(system: System) -> AsyncIterator[str]:
    """Of a role of this test's own, which `system` connects as."""
    password, url = secrets.token_urlsafe(12), system.environ["CAPITAL_DATABASE_URL"]
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE ROLE rotated SUPERUSER LOGIN PASSWORD '{password}'")
    yield password
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'")
    await connection.execute("DROP ROLE rotated")
    await connection.close()


async def test_the_database_password_is_changed_without_refusing_or_losing_a_webhook(
    system: System, tmp_path: Path, password: str
) -> None:
    administrator = system.environ["CAPITAL_DATABASE_URL"]
    _, _, server = administrator.rpartition("@")
    file = tmp_path / "database-url"
    replace(file, f"postgresql://rotated:{password}@{server}")
    await system.prepare()
    serve = system.child("serve", CAPITAL_DATABASE_URL="", CAPITAL_DATABASE_URL_FILE=str(file))
    serve.start()
    await serve.ready()
    async with flowing(system, *system.secrets) as traffic:
        await traffic.flows()
        fresh = secrets.token_urlsafe(12)
        connection = await asyncpg.connect(administrator)
        await connection.execute(f"ALTER ROLE rotated PASSWORD '{fresh}'")
        replace(file, f"postgresql://rotated:{fresh}@{server}")
        await serve.logged("secrets.taken")
        # What was connected with the old password may stay; only who connects anew shows which is in use.
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'")
        await connection.close()
        await traffic.flows()
    assert set(traffic.answers) == {200}
    await system.settled(f"live:financingoffer_{account}:created" for account in traffic.accounts)
    assert fresh not in serve.log()
