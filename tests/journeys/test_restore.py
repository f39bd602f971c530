"""An older backup of the whole database, restored under the feet of running owners while webhooks go on coming."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.faults.delivery import Stripe
from tests.faults.figures import Figures
from tests.faults.verdict import judge_acknowledged, judge_replay, judge_rows, judge_told
from tests.journeys.mishaps import markers
from tests.journeys.system import System
from tests.journeys.test_refills import played
from worker.embedded import Kafka, Postgres, temporary_folder
from worker.embedded.free_ports import free_ports
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.kinds import ALL
from worker.simulator.world import World

SEED = 23
WORLD = World(seed=SEED, accounts=3 * len(ALL), kinds=ALL)
SECONDS = 120
# Members leave at once, and two owners share the lanes.
OWNERS = {"CAPITAL_GROUP_INSTANCE_ID": "", "CAPITAL_SESSION_TIMEOUT_SECONDS": "3"}


class Backup:
    """A cold copy of the server's files."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self._postgres = postgres
        self._data = postgres._storage.data
        self._copy = folder / "backup"

    async def take(self) -> None:
        await self._postgres.stop()
        self._replace(self._copy, self._data)
        await self._postgres.start()

    async def restore(self) -> None:
        """The server dies with all it had, and comes back as it was then."""
        self._postgres.kill()
        self._replace(self._data, self._copy)
        await self._postgres.start()

    def _replace(self, old: Path, new: Path) -> None:
        subprocess.run(["rm", "-rf", str(old)], check=True)
        subprocess.run(["cp", "-a", str(new), str(old)], check=True)


async def taken(system: System) -> int:
    """How many offsets the lanes have taken, all together."""
    ((offsets,),) = await system.rows("SELECT coalesce(sum(next_offset), 0)::bigint FROM cursor")
    assert isinstance(offsets, int)
    return offsets


def shares(events: Sequence[Event], number: int) -> list[tuple[Event, ...]]:
    size = -(-len(events) // number)
    return [tuple(events[first : first + size]) for first in range(0, len(events), size)]


async def test_an_older_backup_restored_under_traffic_loses_nothing_and_doubles_nothing(
    kafka: Kafka, tmp_path: Path
) -> None:
    with temporary_folder() as folder:
        async with Postgres(folder / "postgres") as postgres:
            system = System("restored", kafka.bootstrap, postgres.url, tmp_path / "restored")
            system.environ |= OWNERS
            try:
                async with asyncio.timeout(4 * SECONDS), played(system, WORLD):
                    await lived(system, Backup(postgres, folder))
            finally:
                await system.close()


async def lived(system: System, backup: Backup) -> None:
    serve = await system.serve()
    other = system.child("consume", CAPITAL_HEALTH_PORT=str(free_ports(1)[0]))
    other.start()
    stripe = Stripe(system)
    before, during, after, between, last = shares(disordered(WORLD.events(), seed=SEED), 5)
    await stripe.deliver(before)
    await overtaken(stripe, during, backup.take)
    then = await taken(system)
    await stripe.deliver(after)
    await system.caught_up()
    for share in (between, last):
        assert sum((await markers(system)).values()) > then, "nothing was published that the backup does not know"
        await overtaken(stripe, share, backup.restore)
        await system.caught_up(SECONDS)
    await system.settled(WORLD.expected.ids, SECONDS)
    await system.found("SELECT count(*) FROM lookup", [(0,)], seconds=SECONDS)
    assert [await child.terminate() for child in (serve, other)] == [0, 0]
    await judged(system, stripe)


async def overtaken(stripe: Stripe, events: tuple[Event, ...], strike: Callable[[], Awaitable[None]]) -> None:
    """These are delivered, and in their midst it strikes."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stripe.deliver(events))
        await stripe.takes(len(events) // 3)
        await strike()


async def judged(system: System, stripe: Stripe) -> None:
    figures = Figures(SEED)
    told = [notification.told for notification in await system.notifications()]
    judge_told(figures, told, WORLD.expected, WORLD)
    await judge_acknowledged(figures, system, stripe.accepted)
    await judge_rows(figures, system, WORLD)
    await judge_replay(figures, system)
    assert figures.good, figures.table()
