import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.faults.delivery import Stripe
from tests.journeys.child import Child
from tests.journeys.system import PARTITIONS, System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.embedded.free_ports import free_ports
from worker.simulator.disorder import disordered
from worker.simulator.oracle import judge
from worker.simulator.world import World

ACCOUNTS = 150
SESSION_SECONDS = 3
TAKEN_OVER_SECONDS = 30
ROUNDS = 4


def owner(system: System, name: str) -> Child:
    """A process that owns lanes; without a name it leaves the group when it ends."""
    return system.child(
        "consume",
        CAPITAL_GROUP_INSTANCE_ID=name,
        CAPITAL_HEALTH_PORT=str(free_ports(1)[0]),
        CAPITAL_SESSION_TIMEOUT_SECONDS=str(SESSION_SECONDS),
    )


async def started(*children: Child) -> None:
    for child in children:
        child.start()
    for child in children:
        await child.ready()


async def lanes(child: Child, number: int) -> None:
    """Return once the process works on so many lanes."""

    async def has_them() -> bool:
        return await child.metric("capital_lanes") == number and await child.page("/readyz") is not None

    await child.until(has_them, f"working on {number} lanes", TAKEN_OVER_SECONDS)


@asynccontextmanager
async def traffic(system: System, world: World) -> AsyncIterator[Callable[[int, int], asyncio.Task[None]]]:
    """What starts the delivery of one share of the world out of so many; in the end everything must have been told."""
    deliveries = disordered(world.events(), seed=world.seed)
    stripe = Stripe(system)
    async with asyncio.timeout(200), asyncio.TaskGroup() as delivering:
        yield lambda share, of: delivering.create_task(stripe.deliver(tuple(deliveries[share::of])))
    await system.settled(world.expected.ids)
    await system.caught_up()
    assert judge([notification.told for notification in await system.notifications()], world.expected) == []


async def test_an_owner_killed_again_and_again_beside_another_loses_and_doubles_nothing(system: System) -> None:
    world = World(seed=41, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    await system.prepare()
    one, two, ingress = owner(system, "one"), owner(system, "two"), system.child("ingress")
    await started(one, two, ingress)
    async with traffic(system, world) as deliver:
        for number in range(ROUNDS):
            delivered = deliver(number, ROUNDS)
            await lanes(one, PARTITIONS // 2)
            one.kill()
            if number % 2:
                # Away for longer than its session: the other takes its lanes, and gives them back later.
                await lanes(two, PARTITIONS)
                await delivered
            await started(one)
    assert [await child.terminate() for child in (one, two, ingress)] == [0, 0, 0]


async def test_a_planned_handover_during_traffic_loses_and_doubles_nothing(system: System) -> None:
    world = World(seed=42, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    await system.prepare()
    one, two, ingress = owner(system, ""), owner(system, ""), system.child("ingress")
    await started(one, two, ingress)
    async with traffic(system, world) as deliver:
        await lanes(two, PARTITIONS // 2)
        deliver(0, 2)
        assert await one.terminate() == 0
        await lanes(two, PARTITIONS)
        deliver(1, 2)
        await started(one)
        await lanes(one, PARTITIONS // 2)
    assert [await child.terminate() for child in (one, two, ingress)] == [0, 0, 0]


async def test_an_owner_that_was_frozen_while_another_took_over_is_fenced_when_it_wakes(system: System) -> None:
    world = World(seed=43, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    await system.prepare()
    one, two, ingress = owner(system, "one"), owner(system, "two"), system.child("ingress")
    await started(one, two, ingress)
    async with traffic(system, world) as deliver:
        await lanes(one, PARTITIONS // 2)
        deliver(0, 3)
        one.freeze()
        deliver(1, 3)
        await lanes(two, PARTITIONS)
        one.thaw()
        deliver(2, 3)
    assert [await child.terminate() for child in (one, two, ingress)] == [0, 0, 0]
