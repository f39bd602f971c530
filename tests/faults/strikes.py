"""Strikes: each kind of fault hits one part of the fleet and stays a while; what it returns undoes it, once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random

from tests.faults.fleet import PARTITIONS, Fleet, works_on
from tests.faults.freezing import freeze
from tests.faults.leaders import move_leaders as move
from tests.faults.storm import storm
from tests.journeys.child import Child
from worker.embedded.broker import Broker

# Shorter and longer than the sessions of owners (3 s) and brokers (3 s).
LONGEST_SECONDS = 6.0
# A slow broker stands still for most of each period, and never for as long as a session.
PERIOD_SECONDS = 0.4
SLOWEST = 0.9

Lift = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """How to undo what has been done, and what the part was caught at, where that makes a difference."""

    lift: Lift
    caught_at: str = ""


Strike = Callable[[Fleet, Random], Awaitable[Fault]]


async def kill_owner(fleet: Fleet, chance: Random) -> Fault:
    """SIGKILL; in half of the cases it comes back only after the other has taken all lanes."""
    struck, other = _owners(fleet, chance)
    struck.kill()
    if chance.random() < 1 / 2:
        await works_on(other, PARTITIONS)
    return _acting(struck.start)


async def stop_owner(fleet: Fleet, chance: Random) -> Fault:
    """SIGTERM: it finishes, and leaves the group."""
    struck, _ = _owners(fleet, chance)
    status = await struck.terminate()
    assert status == 0, f"{struck} ended with status {status}\n{struck.report()}"
    return _acting(struck.start)


async def freeze_owner(fleet: Fleet, chance: Random) -> Fault:
    """SIGSTOP until the other has all its lanes; then it goes on where it was, as a zombie."""
    struck, other = _owners(fleet, chance)
    caught_at = await freeze(fleet, struck, chance)
    await works_on(other, PARTITIONS)
    return _acting(struck.thaw, caught_at)


async def rebalance_storm(fleet: Fleet, chance: Random) -> Fault:
    """Three more owners come and go; at the end one of the first two does, too."""
    await storm(fleet, chance)
    struck, _ = _owners(fleet, chance)
    struck.kill()
    return _acting(struck.start)


async def kill_ingress(fleet: Fleet, chance: Random) -> Fault:
    fleet.ingress.kill()
    await _a_while(chance, 2)
    return _acting(fleet.ingress.start)


async def kill_lookup(fleet: Fleet, chance: Random) -> Fault:
    fleet.lookup.kill()
    await _a_while(chance, 2)
    return _acting(fleet.lookup.start)


async def kill_broker(fleet: Fleet, chance: Random) -> Fault:
    broker = chance.choice(fleet.kafka.brokers)
    broker.kill()
    await _a_while(chance)
    return Fault(broker.start)


async def restart_broker(fleet: Fleet, chance: Random) -> Fault:
    broker = chance.choice(fleet.kafka.brokers)
    await broker.stop()
    return Fault(broker.start)


async def freeze_broker(fleet: Fleet, chance: Random) -> Fault:
    broker = chance.choice(fleet.kafka.brokers)
    broker.pause()
    await _a_while(chance)
    return _acting(broker.resume)


async def slow_broker(fleet: Fleet, chance: Random) -> Fault:
    """SIGSTOP and SIGCONT by turns: what it did at once takes it up to ten times as long."""
    broker = chance.choice(fleet.kafka.brokers)
    slowing = asyncio.create_task(_slow(broker, chance.uniform(1 / 2, SLOWEST)))
    await _a_while(chance)

    async def lift() -> None:
        slowing.cancel()
        await asyncio.wait({slowing})
        broker.resume()

    return Fault(lift)


async def _slow(broker: Broker, share: float) -> None:
    while True:
        broker.pause()
        await asyncio.sleep(PERIOD_SECONDS * share)
        broker.resume()
        await asyncio.sleep(PERIOD_SECONDS * (1 - share))


async def move_leaders(fleet: Fleet, chance: Random) -> Fault:
    """Half of all partitions get another leader, those of groups and transactions included; no broker goes away."""
    moved = await move(fleet.kafka.bootstrap, chance)
    assert moved, "no leader moved"
    return _acting(_nothing)


async def kill_postgres(fleet: Fleet, chance: Random) -> Fault:
    fleet.postgres.kill()
    await _a_while(chance, 2)
    return Fault(fleet.postgres.start)


async def restart_postgres(fleet: Fleet, chance: Random) -> Fault:
    del chance
    await fleet.postgres.stop()
    return Fault(fleet.postgres.start)


async def freeze_postgres(fleet: Fleet, chance: Random) -> Fault:
    fleet.postgres.pause()
    await _a_while(chance)
    return _acting(fleet.postgres.resume)


STRIKES: Mapping[str, Strike] = {
    strike.__name__: strike
    for strike in (
        kill_owner,
        stop_owner,
        freeze_owner,
        rebalance_storm,
        kill_ingress,
        kill_lookup,
        kill_broker,
        restart_broker,
        freeze_broker,
        slow_broker,
        move_leaders,
        kill_postgres,
        restart_postgres,
        freeze_postgres,
    )
}


def _owners(fleet: Fleet, chance: Random) -> tuple[Child, Child]:
    """The one to be struck, and the other."""
    one, two = fleet.owners
    return (one, two) if chance.random() < 1 / 2 else (two, one)


async def _a_while(chance: Random, most: float = LONGEST_SECONDS) -> None:
    """The fault lasts; nothing is waited for."""
    await asyncio.sleep(chance.uniform(0, most))


def _acting(act: Callable[[], None], caught_at: str = "") -> Fault:
    async def lift() -> None:
        act()

    return Fault(lift, caught_at)


def _nothing() -> None:
    """There is nothing to undo."""
