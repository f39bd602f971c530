import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.journeys.child import Child
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post
from tests.journeys.worlds import WITHOUT_LOOKUPS
from tests.secured.certificates import Certificates
from tests.secured.guarded_kafka import GuardedKafka
from tests.secured.users import users
from worker.embedded.free_ports import free_ports
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.oracle import judge
from worker.simulator.world import World

ROLES = ("ingress", "consume", "lookup")


@asynccontextmanager
async def running(secured: System, guarded: GuardedKafka) -> AsyncIterator[Mapping[str, Child]]:
    """Every role as a process and a user of its own."""
    ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
    children = {
        role: secured.child(role, CAPITAL_HEALTH_PORT=str(port), **guarded.environ(f"capital-{role}"))
        for role, port in ports.items()
    }
    for child in children.values():
        child.start()
    try:
        yield children
    finally:
        for child in children.values():
            await asyncio.to_thread(child.kill)


async def test_the_whole_way_works_with_tls_and_the_rights_of_the_manifests(
    secured: System, granted: GuardedKafka
) -> None:
    world = World(seed=3, accounts=12, kinds=WITHOUT_LOOKUPS)
    async with running(secured, granted) as children:
        for child in children.values():
            await child.ready()
        assert not await Courier(secured.url, secured.secrets).deliver(disordered(world.events(), seed=3))
        await secured.settled(world.expected.ids)
        for child in children.values():
            assert await child.terminate() == 0
    told = await secured.notifications()
    assert judge([notification.told for notification in told], world.expected) == []


async def test_who_may_not_write_notifications_says_so_and_goes_on_when_it_may(
    secured: System, granted: GuardedKafka, admin: AIOKafkaAdminClient
) -> None:
    (writes,) = [
        grant
        for grant in users()["capital-consume"]
        if (grant.name, grant.operation) == ("capital.notifications", "Write")
    ]
    await writes.take(admin)
    async with running(secured, granted) as children:
        await children["ingress"].ready()
        assert (await post(secured.url, offer_event("evt_denied", account="acct_denied"), secured.secrets)).is_success
        await children["consume"].logged("TopicAuthorizationFailed")
        assert "capital.notifications" in children["consume"].log()
        await writes.give(admin)
        await secured.settled(["live:financingoffer_acct_denied:created"])


async def test_a_broker_with_a_certificate_of_somebody_else_is_not_talked_to(
    secured: System, granted: GuardedKafka, tmp_path: Path
) -> None:
    stranger = Certificates.stranger(tmp_path)
    ended = await secured.run(
        "topics", **(granted.environ("capital-topics") | {"CAPITAL_KAFKA_CA_FILE": str(stranger)})
    )
    assert ended.status == 1
    assert "kafka" in ended.err


@pytest.mark.usefixtures("secured")
async def test_readers_select_and_workers_make_no_tables(databases: Mapping[str, str]) -> None:
    reader = await asyncpg.connect(databases["reader"])
    worker = await asyncpg.connect(databases["worker"])
    try:
        assert await reader.fetchval("SELECT count(*) FROM capital.cursor") >= 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute("DELETE FROM capital.held")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await worker.execute("ALTER TABLE capital.offer ADD COLUMN more text")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await worker.execute("CREATE TABLE capital.more ()")
    finally:
        await reader.close()
        await worker.close()
