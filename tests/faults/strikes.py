"""Strikes: each kind of fault hits one part of the fleet and stays a while; what it returns undoes it, once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from tests.faults.fleet import PARTITIONS, Fleet
from tests.journeys.child import Child

# Shorter and longer than the sessions of owners (3 s) and brokers (3 s).
LONGEST_SECONDS = 6.0
TAKEN_OVER_SECONDS = 60.0

Lift = Callable[[], Awaitable[None]]
Strike = Callable[[Fleet, Random], Awaitable[Lift]]


async def kill_owner(fleet: Fleet, chance: Random) -> Lift:
    """SIGKILL; in half of the cases it comes back only after the other has taken all lanes."""
    struck, other = _owners(fleet, chance)
    struck.kill()
    if chance.random() < 1 / 2:
        await _takes_over(other)
    return _starting(struck)


async def stop_owner(fleet: Fleet, chance: Random) -> Lift:
    """SIGTERM: it finishes, and leaves the group."""
    struck, _ = _owners(fleet, chance)
    status = await struck.terminate()
    assert status == 0, f"{struck} ended with status {status}\n{struck.report()}"
    return _starting(struck)


async def freeze_owner(fleet: Fleet, chance: Random) -> Lift:
    """SIGSTOP until the other has all its lanes; then it goes on where it was, as a zombie."""
    struck, other = _owners(fleet, chance)
    struck.freeze()
    await _takes_over(other)
    return _thawing(struck)


async def kill_ingress(fleet: Fleet, chance: Random) -> Lift:
    fleet.ingress.kill()
    await _a_while(chance, 2)
    return _starting(fleet.ingress)


async def kill_lookup(fleet: Fleet, chance: Random) -> Lift:
    fleet.lookup.kill()
    await _a_while(chance, 2)
    return _starting(fleet.lookup)


async def kill_broker(fleet: Fleet, chance: Random) -> Lift:
    broker = chance.choice(fleet.kafka.brokers)
    broker.kill()
    await _a_while(chance)
    return broker.start


async def restart_broker(fleet: Fleet, chance: Random) -> Lift:
    broker = chance.choice(fleet.kafka.brokers)
    await broker.stop()
    return broker.start


async def freeze_broker(fleet: Fleet, chance: Random) -> Lift:
    broker = chance.choice(fleet.kafka.brokers)
    broker.pause()
    await _a_while(chance)
    return _resuming(broker.resume)


async def kill_postgres(fleet: Fleet, chance: Random) -> Lift:
    fleet.postgres.kill()
    await _a_while(chance, 2)
    return fleet.postgres.start


async def restart_postgres(fleet: Fleet, chance: Random) -> Lift:
    del chance
    await fleet.postgres.stop()
    return fleet.postgres.start


async def freeze_postgres(fleet: Fleet, chance: Random) -> Lift:
    fleet.postgres.pause()
    await _a_while(chance)
    return _resuming(fleet.postgres.resume)


STRIKES: Mapping[str, Strike] = {
    strike.__name__: strike
    for strike in (
        kill_owner,
        stop_owner,
        freeze_owner,
        kill_ingress,
        kill_lookup,
        kill_broker,
        restart_broker,
        freeze_broker,
        kill_postgres,
        restart_postgres,
        freeze_postgres,
    )
}


def _owners(fleet: Fleet, chance: Random) -> tuple[Child, Child]:
    """The one to be struck, and the other."""
    one, two = fleet.owners
    return (one, two) if chance.random() < 1 / 2 else (two, one)


async def _takes_over(other: Child) -> None:
    """Return once it works on every lane."""

    async def has_all() -> bool:
        return await other.metric("capital_lanes") == PARTITIONS and await other.page("/readyz") is not None

    await other.until(has_all, "working on every lane", TAKEN_OVER_SECONDS)


async def _a_while(chance: Random, most: float = LONGEST_SECONDS) -> None:
    """The fault lasts; nothing is waited for."""
    await asyncio.sleep(chance.uniform(0, most))


def _starting(child: Child) -> Lift:
    return _resuming(child.start)


def _thawing(child: Child) -> Lift:
    return _resuming(child.thaw)


def _resuming(act: Callable[[], None]) -> Lift:
    async def lift() -> None:
        act()

    return lift
