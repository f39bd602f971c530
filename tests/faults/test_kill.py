import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests.faults.delivery import Stripe
from tests.faults.tables import sequences, settled_tables
from tests.journeys.child import Child
from tests.journeys.reading import Notification
from tests.journeys.system import System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.oracle import judge
from worker.simulator.world import World

SEED = 31
ROUNDS = 30
ACCOUNTS = 300
# One round in four ends while the process still starts; the others, while it works.
STARTING_SECONDS = 1.0
LONGEST_AFTER_SECONDS = 0.1
# What may be told in another number of revisions when records arrive in another order.
REVISED = ("capital.refill.linked.v1", "capital.withholding.changed.v1", "capital.summary.observed.v1")


async def test_a_serve_killed_thirty_times_loses_nothing_doubles_nothing_and_keeps_the_order(
    systems: Callable[[], System],
) -> None:
    world = World(seed=SEED, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS)
    deliveries = disordered(world.events(), seed=SEED)
    killed, calm = systems(), systems()
    told = await _killed_again_and_again(killed, world, deliveries)
    undisturbed = await _in_peace(calm, world, deliveries)

    assert judge([notification.told for notification in told], world.expected) == []
    assert _lasting(told) == _lasting(undisturbed)
    assert await settled_tables(killed) == await settled_tables(calm)
    for system, notifications in ((killed, told), (calm, undisturbed)):
        assert await sequences(system) == Counter(
            (notification.headers["ce_livemode"] == "true", notification.account) for notification in notifications
        )


async def _killed_again_and_again(system: System, world: World, deliveries: Sequence[Event]) -> Sequence[Notification]:
    chance = random.Random(SEED)
    await system.prepare()
    stripe, serve = Stripe(system), system.child()
    began = time.monotonic()
    in_traffic = 0
    async with asyncio.timeout(300), asyncio.TaskGroup() as delivering:
        for number in range(ROUNDS):
            delivering.create_task(stripe.deliver(tuple(deliveries[number::ROUNDS])))
            await _round(serve, stripe, chance, len(deliveries) // ROUNDS)
            in_traffic += stripe.waiting > 0
        sys.stdout.write(f"seed {SEED}: {ROUNDS} rounds in {time.monotonic() - began:.1f} s, {in_traffic} in traffic\n")
        serve.start()
        await serve.ready()
    assert in_traffic > ROUNDS // 2, "most rounds ended when all was done: they prove nothing"
    await system.settled(world.expected.ids)
    assert await serve.terminate() == 0
    written = {dict(record.headers)["ce_id"].decode() for record in await system.events_topic.records()}
    assert stripe.accepted <= written, "a webhook was acknowledged and is not on the topic"
    return await system.notifications()


async def _round(serve: Child, stripe: Stripe, chance: random.Random, most: int) -> None:
    """Start, and kill at some moment, whatever is going on then."""
    serve.start()
    if chance.random() < 1 / 4:
        await asyncio.sleep(chance.uniform(0, STARTING_SECONDS))
    else:
        await stripe.takes(chance.randrange(1, most))
        await asyncio.sleep(chance.uniform(0, LONGEST_AFTER_SECONDS))
    assert serve.running, serve.report()
    serve.kill()


async def _in_peace(system: System, world: World, deliveries: Sequence[Event]) -> Sequence[Notification]:
    await system.prepare()
    serve = await system.serve()
    await Stripe(system).deliver(tuple(deliveries))
    await system.settled(world.expected.ids)
    assert await serve.terminate() == 0
    return await system.notifications()


def _lasting(notifications: Sequence[Notification]) -> Counter[str]:
    """The ids told, without those that may be revised."""
    return Counter(notification.id for notification in notifications if notification.type not in REVISED)
