"""The fault runner: a world is delivered while one part after another is struck; then everything is judged.

`python -m tests.faults --rounds N --seed S`. Chance decides what is struck, when and for how long; the same seed
strikes the same parts in the same order, though never at the very same moment of the traffic.
"""

import asyncio
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.faults.complaints import Complaints
from tests.faults.delivery import Stripe
from tests.faults.figures import Figures, Round
from tests.faults.fleet import PARTITIONS, Fleet, opened
from tests.faults.listener import Listener
from tests.faults.probes import probes
from tests.faults.strikes import STRIKES, Fault
from tests.faults.verdict import judge_acknowledged, judge_replay, judge_rows, judge_told
from worker.embedded.errors import EmbeddedError
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import ALL
from worker.simulator.oracle import Expected, together
from worker.simulator.world import World

RECOVERY_SECONDS = 60.0
# After a missed deadline: whether it ever recovers is worth knowing, before the run is given up.
LAST_SECONDS = 180.0
SETTLING_SECONDS = 120.0
READING_SECONDS = 600.0
# Each share of a round's deliveries begins at another time: before the strike, with it, and when it is over.
SHARES = 3


class NeverRecoveredError(Exception):
    """The fleet stayed down; the ends of all logs are in the message."""


@dataclass(frozen=True)
class Plan:
    """How long to run, with which luck, struck how, without which safeguard (None: with all), on how many brokers."""

    rounds: int
    seed: int
    kinds: tuple[str, ...] = tuple(STRIKES)
    broken: str | None = None
    brokers: int = 3

    def struck(self) -> Iterator[str]:
        """A kind for each round: shuffled decks of all of them, so that none is left to luck."""
        chance = Random(self.seed)
        left = self.rounds
        while left > 0:
            deck = chance.sample(self.kinds, len(self.kinds))[:left]
            yield from deck
            left -= len(deck)

    def world(self) -> World:
        """Every kind of life at least twice, and some accounts more for each round."""
        return World(seed=self.seed, accounts=max(2 * len(ALL), 6 * self.rounds), kinds=ALL)


class Runner:
    """One run over a fleet that is ready."""

    def __init__(self, plan: Plan, world: World, fleet: Fleet) -> None:
        self._plan = plan
        self._world = world
        self._fleet = fleet
        self._chance = Random(f"{plan.seed}/rounds")
        self._stripe = Stripe(fleet.system)
        settings = fleet.system.settings
        self._topic = (settings.kafka_bootstrap, settings.notifications_topic, PARTITIONS)
        self._listener = Listener(*self._topic)
        self._probes: list[History] = []
        self._complaints = Complaints(fleet)
        self.figures = Figures(plan.seed)

    async def run(self) -> Figures:
        """All rounds, the rest of the deliveries, and the verdict; a run that cannot go on ends with its reason."""
        try:
            await self._strike_again_and_again()
            await self._judge()
        except* (AssertionError, EmbeddedError, NeverRecoveredError) as ended:
            self.figures.troubles += [f"ended early: {reason}" for reason in _reasons(ended)]
        return self.figures

    async def _strike_again_and_again(self) -> None:
        deliveries = disordered(self._world.events(), seed=self._plan.seed)
        # One slice more than rounds: the last one meets no fault.
        size = len(deliveries) // (self._plan.rounds + 1)
        listening = asyncio.create_task(self._listener.run())
        try:
            for number, kind in enumerate(self._plan.struck()):
                await self._round(number, kind, deliveries[number * size : (number + 1) * size])
            await self._stripe.deliver(deliveries[self._plan.rounds * size :])
            await self._settle()
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _round(self, number: int, kind: str, deliveries: Sequence[Event]) -> None:
        shares = [tuple(deliveries[share::SHARES]) for share in range(SHARES)]
        async with asyncio.TaskGroup() as delivering:
            delivering.create_task(self._stripe.deliver(shares[0]))
            await self._stripe.takes(self._chance.randint(1, len(shares[0])))
            delivering.create_task(self._stripe.deliver(shares[1]))
            began = time.monotonic()
            fault = await STRIKES[kind](self._fleet, self._chance)
            lasted = time.monotonic() - began
            delivering.create_task(self._stripe.deliver(shares[2]))
            recovered = await self._recovered(number, kind, fault)
        await self._fleet.ready()
        done = Round(kind, fault.caught_at, lasted, recovered, await self._complaints.fresh())
        self.figures.rounds.append(done)
        sys.stdout.write(f"round {number + 1} of {self._plan.rounds}: {done}\n")
        sys.stdout.flush()

    async def _recovered(self, number: int, kind: str, fault: Fault) -> float:
        """Undo the fault; the seconds from then on until a fresh account's webhook was told in every partition."""
        fresh = probes(self._plan.seed, number, PARTITIONS)
        self._probes += fresh
        awaited = together(probe.expected for probe in fresh).ids
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stripe.deliver(tuple(event for probe in fresh for event in probe.events)))
            tasks.create_task(_undone(fault))
            heard = await self._listener.heard(awaited, RECOVERY_SECONDS)
            if heard is None:
                where = await self._whereabouts(awaited)
                self.figures.troubles.append(
                    f"round {number + 1}: {kind}: not recovered in {RECOVERY_SECONDS:g} s: {where}"
                )
                heard = await self._listener.heard(awaited, LAST_SECONDS)
            if heard is None:
                raise NeverRecoveredError(f"{kind} in round {number + 1}\n{self._fleet.reports()}")
        return heard - began

    async def _whereabouts(self, awaited: Collection[str]) -> str:
        """How far what was not heard has come: the ingress, a lane, its relay, or only not the listener."""
        unheard = [identity for identity in awaited if not self._listener.has_heard(identity)]
        owed = await self._fleet.system.rows("SELECT id, partition FROM outbox WHERE id = ANY ($1)", unheard)
        told = {identity for identity, _, _ in await Listener(*self._topic).to_the_end(READING_SECONDS)}
        return (
            f"{len(unheard)} unheard, {self._stripe.waiting} webhooks not accepted, owed {owed}, "
            f"on the topic {sorted(told.intersection(unheard))}"
        )

    async def _settle(self) -> None:
        """Return once everything expected was told and nothing is asked any more; then end the processes."""
        if await self._listener.heard(self._expected.ids, SETTLING_SECONDS) is None:
            self.figures.troubles.append(f"not everything was told in {SETTLING_SECONDS:g} s\n{self._fleet.reports()}")
        try:
            await self._fleet.system.found("SELECT count(*) FROM lookup", [(0,)], seconds=SETTLING_SECONDS)
        except AssertionError as error:
            self.figures.troubles.append(f"table lookup is not empty: {error}")
        await self._fleet.end()
        self.figures.troubles += self._fleet.stack_traces()

    @property
    def _expected(self) -> Expected:
        return together([self._world.expected, *(probe.expected for probe in self._probes)])

    async def _judge(self) -> None:
        # Read anew: what is judged is the topic, not what one listener made of it through the faults.
        told = await Listener(*self._topic).to_the_end(READING_SECONDS)
        judge_told(self.figures, told, self._expected, self._world)
        await judge_acknowledged(self.figures, self._fleet.system, self._stripe.accepted)
        await judge_rows(self.figures, self._fleet.system, self._world)
        await judge_replay(self.figures, self._fleet.system)


def _reasons(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _reasons(inner)
    else:
        yield error


async def _undone(fault: Fault) -> None:
    await fault.lift()


async def run(plan: Plan) -> Figures:
    """Start everything, run the plan, and end everything."""
    world = plan.world()
    async with opened(world, plan.broken, brokers=plan.brokers) as fleet:
        return await Runner(plan, world, fleet).run()
