import pytest

from tests.journeys.system import System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.oracle import judge
from worker.simulator.world import World

SEED = 20
ACCOUNTS = 60


async def test_every_history_of_a_world_is_told_in_order_and_once_whatever_the_order_of_arrival(
    system: System,
) -> None:
    world = World(seed=SEED, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    await system.prepare()
    serve = await system.serve()
    undelivered = await Courier(system.url, system.secrets).deliver(disordered(world.events(), seed=SEED))
    assert not undelivered
    await system.settled(world.expected.ids)
    assert await serve.terminate() == 0
    told = await system.notifications()
    assert judge([notification.told for notification in told], world.expected) == []


@pytest.mark.parametrize("accounts", [12])
async def test_a_world_delivered_twice_over_is_told_once(system: System, accounts: int) -> None:
    world = World(seed=SEED, accounts=accounts, kinds=WITHOUT_LOOKUPS)
    await system.prepare()
    serve = await system.serve()
    courier = Courier(system.url, system.secrets)
    await courier.deliver(world.events())
    await system.settled(world.expected.ids)
    assert await serve.terminate() == 0
    first = await system.notifications()
    serve.start()
    await serve.ready()
    await courier.deliver(reversed(world.events()))
    assert await serve.terminate() == 0
    assert await system.notifications() == first
