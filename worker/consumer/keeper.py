"""The keeper: runs a lane for every partition assigned to this process, and begins again those that end in trouble."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Literal

import structlog

from worker import metrics
from worker.clock import Clock
from worker.consumer.brake import Braked
from worker.consumer.lane import Lane
from worker.ports import Fenced, Membership, Misplaced, Unavailable

FIRST_WAIT_SECONDS: Final = 0.2
LONGEST_WAIT_SECONDS: Final = 5.0
# Where a person has to look, more attempts than that only fill the log.
LONGEST_STANDSTILL_SECONDS: Final = 60.0
STANDSTILLS: Final = frozenset({"braked", "misplaced"})
# A lane that has not come round in this time is stuck: polling alone comes round four times a second.
STUCK_SECONDS: Final = 120

# What a lane can end by, but for being stopped.
Ending = Literal["fenced", "unavailable", "braked", "misplaced"]

LaneFactory = Callable[[int], AbstractAsyncContextManager[Lane]]
MembershipFactory = Callable[[], Membership]


class Keeper:
    """Lanes as Kafka assigns them, each restarted with a growing pause until it is taken away."""

    def __init__(self, join: MembershipFactory, begin: LaneFactory, clock: Clock) -> None:
        self._join = join
        self._begin = begin
        self._clock = clock
        self._log = structlog.get_logger()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._lanes: dict[int, Lane] = {}
        self._reasons: dict[int, str] = {}
        self._wanted: frozenset[int] | None = None
        self._belongs = False
        self._leaving = False
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Join the group and keep lanes until `stop`; every lane has ended when this returns."""
        async with asyncio.TaskGroup() as tasks:
            member = tasks.create_task(self._belong(tasks))
            await self._stopping.wait()
            self._reconcile(frozenset(), tasks)
            # Lanes end first, so that whoever takes over finds everything committed and published.
            await asyncio.gather(*self._tasks.values())
            self._leaving = True
            member.cancel()

    def stop(self) -> None:
        """End every lane after its batch at hand, then leave the group."""
        self._stopping.set()

    async def _belong(self, tasks: asyncio.TaskGroup) -> None:
        """Stay in the group; a membership that fails is replaced, and lanes run on meanwhile."""
        pause = FIRST_WAIT_SECONDS
        # Not `True`: where the membership fails as it is cancelled, the group of tasks tells of the failure alone.
        while not self._leaving:
            membership = self._join()
            self._belongs = False
            try:
                await membership.open()
                await asyncio.create_task(self._remain(membership, tasks))
            except* Unavailable as error:
                self._log.warning("group.lost", reason=_first(error))
            finally:
                await membership.close()
            # Connecting alone says nothing: only a group that assigned something has let this process in.
            pause = FIRST_WAIT_SECONDS if self._belongs else pause
            await self._wait(pause)
            pause = min(pause * 2, LONGEST_WAIT_SECONDS)

    async def _wait(self, seconds: float) -> None:
        """Wait before the group is asked again, also while lanes end: until then this process belongs to it."""
        await asyncio.sleep(seconds)

    async def _remain(self, membership: Membership, tasks: asyncio.TaskGroup) -> None:
        """Follow the group's assignments until the membership fails.

        This, and each lane, is a task of its own: a group of tasks in which one fails leaves a request to cancel on
        the task that waits for it, and before Python 3.11.4 every later timeout of that task then ends it silently.
        """
        async with asyncio.TaskGroup() as inner:
            inner.create_task(membership.poll())
            while True:
                assigned = await membership.assignment()
                self._belongs = True
                self._reconcile(assigned, tasks)

    def _reconcile(self, assigned: frozenset[int], tasks: asyncio.TaskGroup) -> None:
        """End lanes that are no longer assigned, begin those that are new; at the end, none are."""
        assigned = frozenset() if self._stopping.is_set() else assigned
        self._wanted = assigned
        for partition, lane in self._lanes.items():
            if partition not in assigned:
                lane.stop()
        for partition in sorted(assigned - self._tasks.keys()):
            self._tasks[partition] = tasks.create_task(self._keep(partition))
        self._log.info("lanes.assigned", partitions=sorted(assigned))

    async def _keep(self, partition: int) -> None:
        """Run one partition's lane, again and again while it is assigned."""
        pause = FIRST_WAIT_SECONDS
        try:
            while self._wanted is not None and partition in self._wanted:
                began = self._clock.monotonic()
                await self._run_once(partition)
                if self._clock.monotonic() - began > LONGEST_WAIT_SECONDS:
                    pause = FIRST_WAIT_SECONDS
                if partition in self._wanted:
                    await self._pause(pause)
                    standstill = self._reasons.get(partition) in STANDSTILLS
                    pause = min(pause * 2, LONGEST_STANDSTILL_SECONDS if standstill else LONGEST_WAIT_SECONDS)
        finally:
            del self._tasks[partition]

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt, but not past a stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _run_once(self, partition: int) -> None:
        """One lane from its claim to its end; what ended it is logged and counted."""
        log = self._log.bind(partition=partition)
        try:
            async with self._begin(partition) as lane:
                await asyncio.create_task(self._run_begun(partition, lane))
            log.info("lane.ended")
        except* Fenced as error:
            self._ended(partition, "fenced")
            log.warning("lane.fenced", reason=_first(error))
        except* Unavailable as error:
            self._ended(partition, "unavailable")
            log.warning("lane.interrupted", reason=_first(error))
        except* Braked as error:
            self._ended(partition, "braked")
            log.critical("lane.braked", reason=_first(error))
        except* Misplaced as error:
            self._ended(partition, "misplaced")
            log.critical("lane.misplaced", reason=_first(error))

    def _ended(self, partition: int, reason: Ending) -> None:
        self._reasons[partition] = reason
        metrics.LANE_RESTARTS.labels(reason).inc()

    async def _run_begun(self, partition: int, lane: Lane) -> None:
        if self._wanted is None or partition not in self._wanted:
            # Taken away while its connections were made: nobody would stop it, and its claim would fence the new owner.
            return
        self._lanes[partition] = lane
        try:
            await lane.run()
        finally:
            del self._lanes[partition]

    def alive(self) -> str | None:
        """None while every lane at work comes round, else which does not; settling the past may take its time."""
        now = self._clock.monotonic()
        stuck = sorted(
            partition
            for partition, lane in self._lanes.items()
            if lane.working and now - lane.came_round_at > STUCK_SECONDS
        )
        return f"lanes without progress: {stuck}" if stuck else None

    def ready(self) -> str | None:
        """None once partitions were assigned and each of their lanes works, else which do not, and what ended them."""
        if self._wanted is None:
            return "no partitions assigned yet"
        missing = sorted(p for p in self._wanted if p not in self._lanes or not self._lanes[p].working)
        named = [f"{p} ({self._reasons[p]})" if p in self._reasons else str(p) for p in missing]
        return f"lanes not working: {', '.join(named)}" if missing else None


def _first(error: BaseException) -> str:
    """The message of the first error in a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)
