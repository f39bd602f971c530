"""The search: plays every plot at every point and at sampled pairs of points, and compares what comes out of it.

It is compared with plays in which nothing happens, which are judged by what the histories' authors state.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

from structlog.testing import capture_logs

from tests.consumer.lanes import judged
from tests.faults.crashes.loop import SteppedLoop
from tests.faults.crashes.plots import PAIRED, SINGLE, Plot, nothing
from tests.faults.crashes.script import script
from tests.faults.crashes.stage import Cast, Outcome, Stage
from worker.relay import relay
from worker.simulator.oracle import judge

TRAIL_SHOWN = 8
ENOUGH_PROBLEMS = 5
# So small that a transaction cannot take all that is owed, and that the lane has to wait.
SMALL: Mapping[str, Any] = {"LARGEST_TRANSACTION": 4, "LARGEST_BACKLOG": 9}


@dataclass(frozen=True)
class Scope:
    """How much is tried: orders in which lane and relay take turns, and for each of them pairs of points a plot."""

    orders: int = 1
    pairs: int = 60
    seed: int = 1

    def plays(self, points: int, seed: int) -> Iterator[tuple[Plot, tuple[int, ...]]]:
        """Every plot at the beginning and after every step; pairs as chance has it, none twice."""
        chance, all_pairs = Random(f"{seed}/pairs"), (points + 1) ** 2
        for plot in PAIRED:
            for pair in chance.sample(range(all_pairs), min(self.pairs, all_pairs)):
                yield plot, divmod(pair, points + 1)
        for plot in SINGLE:
            yield from ((plot, (point,)) for point in range(points + 1))


@dataclass
class Findings:
    """What was tried, and every play that went wrong."""

    points: int = 0
    plays: Counter[str] = field(default_factory=Counter)
    interleavings: set[tuple[str, ...]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Plays by plot, the totals, and the first problems."""
        totals = {"points": self.points, "plays": self.plays.total(), "interleavings": len(self.interleavings)}
        counts = {**self.plays, **totals, "wrong": len(self.problems)}
        return "\n".join([*(f"{name:<24}{count:>8}" for name, count in counts.items()), *self.problems])


class Search:
    """One search, with a cast that plays the parts."""

    def __init__(self, scope: Scope, cast: Cast) -> None:
        self._scope = scope
        self._cast = cast
        self._loop = SteppedLoop()
        self._right: Outcome | None = None
        self._findings = Findings()

    def run(self) -> Findings:
        """Everything in scope, or until enough went wrong. What lanes would log of it is kept from the screen."""
        small = patch.multiple(relay, **SMALL)
        with capture_logs(), closing(self._loop), small:
            for seed in range(self._scope.seed, self._scope.seed + self._scope.orders):
                points = len(self._undisturbed(seed).trail)
                self._findings.points += points
                for plot, at in self._scope.plays(points, seed):
                    if len(self._findings.problems) < ENOUGH_PROBLEMS:
                        self._try(plot, at, seed)
        return self._findings

    def _undisturbed(self, seed: int) -> Stage:
        """A play in which nothing happens; it must be right, or nothing can be compared with it."""
        stage = self._set(seed)
        self._loop.run_until_complete(_played(stage, nothing, ()))
        outcome = stage.outcome()
        assert judge(judged(outcome.told), script().expected) == []
        assert (len(outcome.passed_on), len(outcome.dead_letters)) == (script().passed_on, script().dead_letters)
        self._right = self._right or outcome
        assert outcome == self._right, f"another order of turns alone changes {outcome.differences(self._right)}"
        return stage

    def _try(self, plot: Plot, at: tuple[int, ...], seed: int) -> None:
        stage = self._set(seed)
        self._findings.plays[f"{plot.__name__}{' twice' * (len(at) - 1) if plot in SINGLE else ''}"] += 1
        try:
            self._loop.run_until_complete(_played(stage, plot, at))
            different = stage.outcome().differences(self._right) if self._right else []
            trouble = f"differs in {', '.join(different)}" if different else ""
        except Exception as error:  # noqa: BLE001 - whatever ends a play is what this looks for
            trouble = f"{type(error).__name__}: {error}"
        if trouble:
            self._findings.problems.append(
                f"{plot.__name__} at {at}, order {seed}: {trouble}; {stage.trail[-TRAIL_SHOWN:]}"
            )
        self._findings.interleavings.add(tuple(stage.trail))

    def _set(self, seed: int) -> Stage:
        return Stage(self._loop, self._cast, Random(seed))


async def _played(stage: Stage, plot: Plot, at: tuple[int, ...]) -> None:
    await stage.lay(script())
    try:
        await plot(stage, at)
    finally:
        await stage.close()
