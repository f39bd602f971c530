"""`python -m tests.faults.takeover`: how long partitions stand still when one of two owners is killed, or stopped.

With the settings that are the defaults. Exits 0 only if both medians keep what is promised and all was told once.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

from tests.faults.delivery import Stripe
from tests.faults.fleet import PARTITIONS, Fleet, opened
from tests.faults.listener import Listener
from tests.faults.probes import probes
from tests.journeys.child import Child
from worker.settings import Settings
from worker.simulator.histories import History
from worker.simulator.oracle import judge, together
from worker.simulator.world import World

ROUNDS = 20
HEARD_SECONDS = 60.0
SEED = 1
DEFAULT_SESSION = str(Settings().session_timeout_seconds)


async def killed(owner: Child) -> None:
    owner.kill()


async def stopped(owner: Child) -> None:
    assert await owner.terminate() == 0, owner.report()


# Seconds that the median may last.
PROMISED: Mapping[Callable[[Child], Awaitable[None]], float] = {killed: 15.0, stopped: 3.0}


class Takeover:
    """One fleet, whose owners end by turns; the accounts of each round are fresh ones."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._stripe = Stripe(fleet.system)
        settings = fleet.system.settings
        self._listener = Listener(settings.kafka_bootstrap, settings.notifications_topic, PARTITIONS)
        self._probes: list[History] = []

    async def run(self, rounds: int) -> Mapping[str, list[float]]:
        """Seconds by what was done, in the order of the rounds."""
        seconds: dict[str, list[float]] = {end.__name__: [] for end in PROMISED}
        listening = asyncio.create_task(self._listener.run())
        try:
            for number in range(rounds):
                for end in PROMISED:
                    seconds[end.__name__].append(await self._measure(self._fleet.owners[number % 2], end))
                last = ", ".join(f"{name} {taken[-1]:.1f} s" for name, taken in seconds.items())
                sys.stdout.write(f"round {number + 1} of {rounds}: {last}\n")
                sys.stdout.flush()
        finally:
            listening.cancel()
            await asyncio.wait({listening})
        return seconds

    async def _measure(self, owner: Child, end: Callable[[Child], Awaitable[None]]) -> float:
        """Seconds from the signal until webhooks that came in after the owner's end were told in every partition."""
        await self._fleet.shared()
        fresh = probes(SEED, len(self._probes), PARTITIONS)
        self._probes += fresh
        began = time.monotonic()
        await end(owner)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stripe.deliver(tuple(event for probe in fresh for event in probe.events)))
            heard = await self._listener.heard(together(probe.expected for probe in fresh).ids, HEARD_SECONDS)
        assert heard is not None, f"not taken over in {HEARD_SECONDS:g} s\n{self._fleet.reports()}"
        owner.start()
        return heard - began

    def problems(self) -> list[str]:
        """Whatever was not told once and in order."""
        expected = together(probe.expected for probe in self._probes)
        return [f"{problem.subject}: {problem.fault}" for problem in judge(self._listener.told, expected)]


async def main(rounds: int) -> int:
    world = World(seed=SEED, accounts=1)
    async with opened(world, CAPITAL_SESSION_TIMEOUT_SECONDS=DEFAULT_SESSION) as fleet:
        takeover = Takeover(fleet)
        seconds = await takeover.run(rounds)
    sys.stdout.write("".join(f"{line}\n" for line in [*_table(seconds), *takeover.problems()]))
    kept = all(median(seconds[end.__name__]) <= promised for end, promised in PROMISED.items())
    return 0 if kept and not takeover.problems() else 1


def _table(seconds: Mapping[str, list[float]]) -> list[str]:
    lines = [f"{'owner':<12}{'times':>7}{'median':>9}{'longest':>9}{'promised':>10}"]
    for end, promised in PROMISED.items():
        taken = seconds[end.__name__]
        times = f"{median(taken):>7.1f} s{max(taken):>7.1f} s{promised:>8.0f} s"
        lines.append(f"{end.__name__:<12}{len(taken):>7}{times}")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.takeover", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times that an owner is killed, and stopped")
    # The listener's client complains of nothing that matters here.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
