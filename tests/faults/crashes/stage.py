"""The stage of one play: a database, a broker with a script on it, and owners that take turns as chance has it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from random import Random

from tests.contract import fakes
from tests.faults.crashes.loop import SteppedLoop
from tests.faults.crashes.owner import Owner, Step
from tests.faults.crashes.script import LANE, PARTITIONS, Script
from worker.consumer.brake import Brake, Limits
from worker.consumer.deliberation import Circumstances
from worker.consumer.lane import Lane, Parts
from worker.ports import Record
from worker.relay.relay import Relay
from worker.rules.draft import Timing
from worker.topic.partitioning import home_of

BATCH_SIZE = 6
CIRCUMSTANCES = Circumstances(Timing(), partial(home_of, partitions=PARTITIONS), "events")
# Several times what any play needs.
MOST_STEPS = 2_000
# An idle lane polls four times a second; nothing else here waits for time.
MOST_WAITS = 50


class StuckError(AssertionError):
    """Nobody can go on, or all go round in circles, and not everything has been published."""


class StillClock:
    """Always the same moment: what is told depends on no clock."""

    def now(self) -> float:
        return 1_735_600_000.0

    def monotonic(self) -> float:
        return 0.0


CLOCK = StillClock()


@dataclass(frozen=True)
class Cast:
    """Who plays the parts; a test may put in one that lacks a safeguard."""

    ledger: type[fakes.Ledger] = fakes.Ledger
    publisher: type[fakes.Publisher] = fakes.Publisher


@dataclass(frozen=True)
class Outcome:
    """Everything that anybody can see in the end, but for how often the partition was claimed."""

    tables: fakes.Tables
    marker: int | None
    told: Sequence[Record]
    dead_letters: Sequence[Record]
    passed_on: Sequence[Record]

    def differences(self, other: "Outcome") -> list[str]:
        """The names of what is not the same."""
        return [field.name for field in fields(self) if getattr(self, field.name) != getattr(other, field.name)]


class Stage:
    """Set up anew for each play. Nothing on it moves but by `play`."""

    def __init__(self, loop: SteppedLoop, cast: Cast, chance: Random) -> None:
        self.trail: list[str] = []
        self._loop = loop
        self._cast = cast
        self._chance = chance
        self._owners: list[Owner] = []
        self._tables = fakes.Tables()
        self._broker = fakes.Broker(PARTITIONS)

    async def lay(self, script: Script) -> None:
        """Put the script on the topic."""
        for value, headers in script.records:
            await self._broker.append("events", LANE, b"key", value, headers)

    def owner(self) -> Owner:
        """A new process, about to begin its lane."""
        self._owners.append(Owner(self._begin, str(len(self._owners) + 1)))
        return self._owners[-1]

    async def close(self) -> None:
        """Nobody goes on after this."""
        for owner in self._owners:
            owner.kill()
        await self._loop.quiet()

    @asynccontextmanager
    async def _begin(self, line: fakes.Line) -> AsyncIterator[Lane]:
        relay = Relay(self._cast.publisher(self._broker, LANE, line), fakes.Outbox(self._tables, line), CLOCK)
        ledger, source = self._cast.ledger(self._tables, line), fakes.Source(self._broker, LANE, line)
        parts = Parts(source, ledger, relay, CLOCK, Brake(Limits(), CLOCK), CIRCUMSTANCES)
        try:
            yield Lane(LANE, "owner", BATCH_SIZE, parts)
        finally:
            await relay.close()

    @property
    def done(self) -> bool:
        """Whether everything on the topic has been published."""
        return self._broker.markers.get(LANE) == len(self._broker.records("events", LANE))

    async def play(self, *owners: Owner, steps: int | None = None) -> None:
        """Let these go on until all of them have ended, or so many steps were taken; the rest stands still.

        Once all is done they are told to stop, as nothing else would end them.
        """
        for _ in range(MOST_STEPS if steps is None else steps):
            step = await self._next_step(*owners)
            if step is None:
                return
            step.take()
            self.trail.append(step.what)
        if steps is None:
            raise self._stuck()
        await self._loop.quiet()

    async def lose_next(self, owner: Owner) -> None:
        """Lose what the owner would do or hear next, if there is anything."""
        step = await self._next_step(owner)
        if step is not None:
            step.lose()
            self.trail.append(f"{step.what} lost")

    async def _next_step(self, *owners: Owner) -> Step | None:
        """The step of theirs that chance takes next, None once all have ended. Raises StuckError."""
        for _ in range(MOST_WAITS):
            seconds = await self._loop.quiet()
            if self.done:
                for owner in owners:
                    owner.stop()
            if waiting := [step for owner in owners for step in owner.steps]:
                return self._chance.choice(waiting)
            if all(owner.ended for owner in owners):
                return None
            if seconds is None:
                break
            self._loop.pass_time(seconds)
        raise self._stuck()

    def _stuck(self) -> StuckError:
        records = len(self._broker.records("events", LANE))
        return StuckError(
            f"{self._broker.markers.get(LANE)} of {records} records published after {len(self.trail)} steps"
        )

    def outcome(self) -> Outcome:
        """What has come out of it."""
        positions = {partition: replace(last, epoch=0) for partition, last in self._tables.positions.items()}
        return Outcome(
            replace(self._tables, positions=positions, asked=[]),
            self._broker.markers.get(LANE),
            self._broker.records("notifications"),
            self._broker.records("dead_letters"),
            self._broker.records("events", 1 - LANE),
        )
