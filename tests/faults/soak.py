"""`python -m tests.faults.soak --minutes 30`: steady traffic through every role, and what each of them holds meanwhile.

Exits 0 only if no process grew beyond the bounds and everything was told once, in order. Linux only.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.faults.delivery import Stripe
from tests.faults.figures import Figures
from tests.faults.fleet import PARTITIONS, Fleet, opened
from tests.faults.listener import Listener
from tests.faults.samples import Trend, sample
from tests.faults.verdict import judge_acknowledged, judge_replay, judge_rows, judge_told
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.kinds import ALL
from worker.simulator.world import World

SEED = 1
# A tick's webhooks are delivered together; those of a slow tick do not keep the next one waiting.
TICK_SECONDS = 1.0
SAMPLE_SECONDS = 5.0
# Pools and caches fill; what is held after this is what all later samples are compared with.
WARM_UP = 1 / 3
EVENTS_OF_AN_ACCOUNT = 16
SETTLING_SECONDS = 300.0
READING_SECONDS = 900.0


class Soak:
    """One run over a fleet that is ready."""

    def __init__(self, fleet: Fleet, world: World, seconds: float) -> None:
        self._fleet = fleet
        self._world = world
        self._seconds = seconds
        self._stripe = Stripe(fleet.system)
        self._port = urlsplit(fleet.postgres.url).port or 0
        self._times: list[float] = []
        self._samples: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    async def run(self) -> Figures:
        """Deliver and sample for all the time, then wait for the rest and judge it."""
        sampling = asyncio.create_task(self._sample())
        await self._deliver(disordered(self._world.events(), seed=SEED))
        sampling.cancel()
        await asyncio.wait({sampling})
        return await self._judged()

    async def _deliver(self, events: Sequence[Event]) -> None:
        began, ticks = time.monotonic(), max(1, int(self._seconds / TICK_SECONDS))
        size = -(-len(events) // ticks)
        async with asyncio.TaskGroup() as delivering:
            for tick in range(ticks):
                delivering.create_task(self._stripe.deliver(tuple(events[tick * size : (tick + 1) * size])))
                await asyncio.sleep(began + (tick + 1) * TICK_SECONDS - time.monotonic())

    async def _sample(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            if time.monotonic() - began < self._seconds * WARM_UP:
                continue
            self._times.append(time.monotonic() - began)
            for child in self._fleet.children:
                for name, value in sample(child.pid, self._port).items():
                    self._samples[repr(child).removesuffix(".log"), name].append(value)

    async def _judged(self) -> Figures:
        figures, system, settings = Figures(SEED), self._fleet.system, self._fleet.system.settings
        topic = (settings.kafka_bootstrap, settings.notifications_topic, PARTITIONS)
        listener = Listener(*topic)
        listening = asyncio.create_task(listener.run())
        if await listener.heard(self._world.expected.ids, SETTLING_SECONDS) is None:
            figures.troubles.append(f"not everything was told in {SETTLING_SECONDS:g} s\n{self._fleet.reports()}")
        listening.cancel()
        await asyncio.wait({listening})
        await system.found("SELECT count(*) FROM lookup", [(0,)], seconds=SETTLING_SECONDS)
        await self._fleet.end()
        figures.troubles += self._fleet.stack_traces()
        judge_told(figures, await Listener(*topic).to_the_end(READING_SECONDS), self._world.expected, self._world)
        await judge_acknowledged(figures, system, self._stripe.accepted)
        await judge_rows(figures, system, self._world)
        await judge_replay(figures, system)
        return figures

    @property
    def trends(self) -> dict[tuple[str, str], Trend]:
        """By process and what was measured."""
        return {key: Trend.of(key[1], self._times, values) for key, values in self._samples.items()}

    def table(self) -> str:
        """A line for each."""
        head = f"{'process':<10}{'':<22}{'start':>9}{'end':>9}{'per hour':>11}{'at most':>9}"
        return "\n".join([head, *(f"{process:<10}{trend}" for (process, _), trend in self.trends.items())])


async def main(minutes: float, rate: float) -> int:
    accounts = max(len(ALL), int(minutes * 60 * rate / EVENTS_OF_AN_ACCOUNT))
    world = World(seed=SEED, accounts=accounts, kinds=ALL)
    async with opened(world, "hot") as fleet:
        soak = Soak(fleet, world, minutes * 60)
        figures = await soak.run()
    sys.stdout.write(f"{figures.table()}\n\n{soak.table()}\n")
    return 0 if figures.good and all(trend.good for trend in soak.trends.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long webhooks come in")
    parser.add_argument("--rate", type=float, default=25, help="webhooks in a second")
    chosen = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(asyncio.run(main(chosen.minutes, chosen.rate)))
