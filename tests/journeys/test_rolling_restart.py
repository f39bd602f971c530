"""Every process is replaced while webhooks come in, as a rolling update does: out of the service first, then ended."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import chain, cycle, takewhile

from tests.journeys.child import Child
from tests.journeys.system import System
from tests.journeys.webhooks import post
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.embedded.free_ports import free_ports
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.oracle import judge
from worker.simulator.world import World

POSTING = 4


class Service:
    """Where new connections go: in turn to every replica that is in it."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = list(urls)
        self.refused: list[tuple[str, int]] = []
        self._open = Counter[str]()
        self._closed = asyncio.Condition()
        self._turns = cycle(range(len(urls)))

    async def drain(self, url: str) -> None:
        """Take a replica out; return once nothing is on the way to it any more."""
        self.urls.remove(url)
        async with self._closed:
            await self._closed.wait_for(lambda: not self._open[url])

    async def deliver(self, system: System, events: Sequence[Event], done: asyncio.Event) -> None:
        """Each event once, and then all of them again until `done`, each on a connection of its own."""
        waiting = chain(events, takewhile(lambda _: not done.is_set(), cycle(events)))

        async def some() -> None:
            for event in waiting:
                url = self.urls[next(self._turns) % len(self.urls)]
                self._open[url] += 1
                answer = await post(url, event.body, system.secrets)
                if not answer.is_success:
                    self.refused.append((url, answer.status_code))
                async with self._closed:
                    self._open[url] -= 1
                    self._closed.notify_all()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(POSTING):
                tasks.create_task(some())


def replica(system: System, role: str, number: int) -> Child:
    port = str(free_ports(1)[0])
    listens = {"CAPITAL_INGRESS_PORT": port} if role == "ingress" else {"CAPITAL_HEALTH_PORT": port}
    return system.child(role, **listens, CAPITAL_GROUP_INSTANCE_ID=f"{system.name}-{number}")


async def roll(child: Child) -> None:
    """End it politely, and begin it anew under the same name."""
    assert await child.terminate() == 0
    child.start()
    await child.ready()


async def test_every_role_is_restarted_under_traffic_without_losing_doubling_or_refusing(system: System) -> None:
    world = World(seed=88, accounts=60, kinds=WITHOUT_LOOKUPS)
    await system.prepare()
    ingresses = [replica(system, "ingress", number) for number in range(2)]
    others = [replica(system, role, number) for role in ("consume", "lookup") for number in range(2)]
    for child in (*ingresses, *others):
        child.start()
    for child in (*ingresses, *others):
        await child.ready()
    service = Service([f"{child.address}/webhooks/stripe" for child in ingresses])
    rolled = asyncio.Event()
    async with asyncio.timeout(300), asyncio.TaskGroup() as tasks:
        tasks.create_task(service.deliver(system, disordered(world.events(), seed=88), rolled))
        for child in ingresses:
            url = f"{child.address}/webhooks/stripe"
            await service.drain(url)
            await roll(child)
            service.urls.append(url)
        for child in others:
            await roll(child)
        rolled.set()
    assert service.refused == []
    await system.settled(world.expected.ids)
    told = await system.notifications()
    assert judge([notification.told for notification in told], world.expected) == []
