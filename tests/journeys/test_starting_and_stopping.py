import asyncio

import httpx
import pytest

from tests.journeys.forwarder import Forwarder
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.simulator.attempts import Outcome, Persistence
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.oracle import judge
from worker.simulator.world import World

TOLD = "live:financingoffer_acct_1:created"
SECONDS = 30


@pytest.mark.parametrize("away", ["database", "broker"])
async def test_serve_waits_for_a_server_that_is_away_and_starts_when_it_comes(system: System, away: str) -> None:
    await system.prepare()
    setting = {"database": "CAPITAL_DATABASE_URL", "broker": "CAPITAL_KAFKA_BOOTSTRAP"}[away]
    address = system.environ[setting].rpartition("@")[2].partition("/")[0]
    async with Forwarder(address) as forwarder:
        serve = system.child("serve", **{setting: system.environ[setting].replace(address, forwarder.address)})
        serve.start()
        await serve.logged("start.waiting")
        assert await serve.page("/livez") is not None
        assert await serve.page("/readyz") is None, "ready, though it waits for a server"
        await forwarder.open()
        await serve.ready()
        assert (await post(system.url, offer_event("evt_1"), system.secrets)).status_code == httpx.codes.OK
        await system.settled({TOLD})
        assert await serve.terminate() == 0
    assert "Traceback" not in serve.log()
    assert "Unclosed" not in serve.log()


async def test_serve_waits_for_topics_that_nobody_made_and_says_what_to_run(system: System) -> None:
    await system.migrate()
    serve = system.child()
    serve.start()
    await serve.logged("run `capital-worker topics`")
    await system.topics()
    await serve.ready()
    assert await serve.terminate() == 0


async def test_a_serve_that_still_waits_ends_at_once_with_status_0(system: System) -> None:
    await system.migrate()
    serve = system.child(CAPITAL_KAFKA_BOOTSTRAP=Forwarder("127.0.0.1:1").address)
    serve.start()
    await serve.logged("start.waiting")
    async with asyncio.timeout(SECONDS):
        assert await serve.terminate() == 0
    assert "Unclosed" not in serve.log()


async def test_ready_means_that_the_lanes_work_and_webhooks_are_taken(system: System) -> None:
    await system.prepare()
    await system.serve()
    assert (await post(system.url, offer_event("evt_1"), system.secrets)).status_code == httpx.codes.OK


async def test_a_stop_during_traffic_loses_nothing_and_ends_with_status_0(system: System) -> None:
    world = World(seed=7, accounts=40, kinds=WITHOUT_LOOKUPS)
    events = disordered(world.events(), seed=7)
    accepted, enough = 0, asyncio.Event()

    def count(outcome: Outcome) -> None:
        nonlocal accepted
        accepted += outcome.accepted
        if accepted > len(events) // 3:
            enough.set()

    async def shortly(_failures: int) -> None:
        await asyncio.sleep(0.1)

    await system.prepare()
    serve = await system.serve()
    persistence = Persistence(attempts=1_000, backoff=shortly)
    courier = Courier(system.url, system.secrets, persistence=persistence, report=count)
    delivering = asyncio.create_task(courier.deliver(events))
    async with asyncio.timeout(SECONDS):
        await enough.wait()
    assert await serve.terminate() == 0
    assert not delivering.done(), "all was delivered before the stop"
    serve.start()
    await serve.ready()
    assert not await delivering
    await system.settled(world.expected.ids)
    assert await serve.terminate() == 0
    assert judge([notification.told for notification in await system.notifications()], world.expected) == []
