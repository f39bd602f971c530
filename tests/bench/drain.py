"""One drain: a subject is started on a preloaded topic, timed until all is committed and out, and then judged."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.loads import Load
from tests.bench.place import Consumed, Place
from tests.bench.subjects import Run, SystemRun, differing
from tests.bench.usage import own_seconds, peak_bytes, queued_seconds
from worker.simulator.oracle import Fault, judge

POLL_SECONDS = 0.02
# How long a drain may take is the machine's; standing still is the subject's.
STANDSTILL_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was wrong in the end; zeros are a pass."""

    lost: int
    doubled: int
    disordered: int
    wrong_rows: int

    def __str__(self) -> str:
        return f"{self.lost}/{self.doubled}/{self.disordered}/{self.wrong_rows}"


@dataclass(frozen=True, slots=True)
class Drain:
    """One drain's figures: events a second, CPU seconds for 1,000 events, bytes, statements; and the verdict.

    `on_core` and `queued`: in which share of the time its processes ran, and could have run but for their neighbours;
    the sum of all its processes.
    """

    rate: float
    own: float
    postgres: float
    kafka: float
    wal_bytes: float
    statements: float
    transactions: float
    peak_bytes: int
    on_core: float
    queued: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Moment:
    """What had been done and used at one time."""

    at: float
    done: int
    own: float
    queued: float
    servers: Consumed


async def drain(place: Place, run: Run, load: Load) -> Drain:
    """Run a subject to the end of its topic."""
    await run.prepare()
    await place.settle()
    try:
        first, last, peak = await _timed(place, run)
        verdict = await _judged(run, load)
    finally:
        for child in run.children:
            child.kill()
        await run.close()
    events, seconds, servers = last.done - first.done, last.at - first.at, last.servers - first.servers
    assert events > 0, "all was drained before every lane had begun: too few events for so many partitions"
    # Repeats count as events where progress is counted in distinct ones.
    events = events * len(load.messages) // run.goal
    return Drain(
        rate=events / seconds,
        own=(last.own - first.own) / events * 1000,
        postgres=servers.postgres / events * 1000,
        kafka=servers.kafka / events * 1000,
        wal_bytes=servers.wal_bytes / events,
        statements=servers.statements / events * 1000,
        transactions=servers.transactions / events * 1000,
        peak_bytes=peak,
        on_core=(last.own - first.own) / seconds,
        queued=(last.queued - first.queued) / seconds,
        verdict=verdict,
    )


async def _timed(place: Place, run: Run) -> tuple[Moment, Moment, int]:
    """From the first progress, so that starting up counts for nobody, to the end."""
    for child in run.children:
        child.start()
    patience = Patience(run)
    while not (begun := await run.begun()):
        await patience.wait(0)
    first = await _moment(place, run, begun)
    while (done := await run.done()) < run.goal:
        await patience.wait(done)
    last = await _moment(place, run, run.goal)
    return first, last, sum(peak_bytes(child.pid) for child in run.children)


class Patience:
    """Waits for as long as a run comes on; fails when it has stood still too long, or a process of it has ended."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._done = 0
        self._moved_at = time.monotonic()

    async def wait(self, done: int) -> None:
        """Until it is time to ask again how much is done."""
        now = time.monotonic()
        if done != self._done:
            self._done, self._moved_at = done, now
        still, children = now - self._moved_at, self._run.children
        assert still < STANDSTILL_SECONDS, f"still for {still:.0f} s: {[child.report() for child in children]}"
        for child in children:
            assert child.running, child.report()
        await asyncio.sleep(POLL_SECONDS)


async def _moment(place: Place, run: Run, done: int) -> Moment:
    own = sum(own_seconds(child.pid) for child in run.children)
    queued = sum(queued_seconds(child.pid) for child in run.children)
    return Moment(time.monotonic(), done, own, queued, await place.consumed())


async def _judged(run: Run, load: Load) -> Verdict:
    problems = judge(await run.told(), load.expected)
    by_fault: dict[Fault, set[str]] = {fault: set() for fault in Fault}
    for problem in problems:
        by_fault[problem.fault].add(problem.subject)
    return Verdict(
        lost=len(by_fault[Fault.LOST]) + len(by_fault[Fault.GAP]),
        doubled=len(by_fault[Fault.DOUBLED]),
        disordered=len(by_fault[Fault.OUT_OF_ORDER]) + len(by_fault[Fault.RENUMBERED]),
        wrong_rows=differing(await run.rows(), load.rows, whole=isinstance(run, SystemRun)),
    )


def median(drains: Sequence[Drain]) -> Drain:
    """The drain in the middle by rate; of every round's verdicts, the worst."""
    middle = sorted(drains, key=lambda drain: drain.rate)[len(drains) // 2]
    names = ("lost", "doubled", "disordered", "wrong_rows")
    worst = Verdict(*(max(int(getattr(drain.verdict, name)) for drain in drains) for name in names))
    return replace(middle, verdict=worst)
