"""A rebalance storm: more owners than two come and go at the same time, politely and not, whatever the group is at."""

import asyncio
from random import Random

from tests.faults.fleet import Fleet
from tests.journeys.child import Child

# Shorter and longer than it takes to join a group, to begin lanes, and to miss a session (3 s).
LONGEST_STAY_SECONDS = 6.0
LONGEST_ABSENCE_SECONDS = 2.0
VISITS = 2


async def storm(fleet: Fleet, chance: Random) -> None:
    """Every guest comes and goes a few times; in the end all of them are gone."""
    async with asyncio.TaskGroup() as visits:
        for guest in fleet.guests:
            visits.create_task(_come_and_go(guest, Random(chance.random())))


async def _come_and_go(guest: Child, chance: Random) -> None:
    for _ in range(VISITS):
        await asyncio.sleep(chance.uniform(0, LONGEST_ABSENCE_SECONDS))
        await _come(guest)
        await asyncio.sleep(chance.uniform(0, LONGEST_STAY_SECONDS))
        await _go(guest, politely=chance.random() < 1 / 2)


async def _come(guest: Child) -> None:
    """Return once it hears signals; before that, even a polite end would be a crash."""
    guest.start()

    async def lives() -> bool:
        return await guest.page("/livez") is not None

    await guest.until(lives, "alive", 60)


async def _go(guest: Child, *, politely: bool) -> None:
    if politely:
        status = await guest.terminate()
        assert status == 0, f"{guest} ended with status {status}\n{guest.report()}"
    else:
        guest.kill()
