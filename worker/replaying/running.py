"""Running a replay: its spans shared out among processes, for one process decides with one processor only."""

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import uvloop

from worker import logs
from worker.ports import Misplaced, Unavailable
from worker.replay.plan import Plan, Refused
from worker.replaying.lanes import go_through
from worker.replaying.opening import Replay, connected
from worker.settings import Settings
from worker.store import shadows

LOOK_SECONDS = 0.25
# How long a process may outlive the one that began it. What it still writes then, a later owner's claim refuses.
ORPHAN_SECONDS = 1.0
# More are asked for by name: they take the database from the live lanes, and memory from everybody.
MOST_PROCESSES = 2

Progress = Callable[[int], None]


def processes_here() -> int:
    """As many processes as there are processors for this one, up to a few."""
    return min(MOST_PROCESSES, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)


async def run(replay: Replay, progress: Progress, processes: int) -> None:
    """Go through the plan from where the shadow stands; `progress` hears how many offsets are done.

    Raises Refused, and groups of Unavailable.
    """
    unfinished = await shadows.unfinished(replay.shadow)
    shares = [share for share in (unfinished[first::processes] for first in range(processes)) if share]
    watching = asyncio.create_task(_watch(replay, progress))
    refusals: list[Refused] = []
    try:
        # In a task of its own: a group in which one fails leaves a request to cancel on the task that waits for it.
        await asyncio.create_task(_all(replay, shares))
    except* Refused as group:
        refusals += [error for error in _leaves(group) if isinstance(error, Refused)]
    except* Misplaced as group:
        refusals.append(Refused(f"the topic lost records meanwhile ({_leaves(group)[0]}): start anew with --from-log"))
    finally:
        watching.cancel()
    if refusals:
        raise refusals[0]
    progress(await shadows.done(replay.shadow))


async def _watch(replay: Replay, progress: Progress) -> None:
    while True:
        progress(await shadows.done(replay.shadow))
        await asyncio.sleep(LOOK_SECONDS)


async def _all(replay: Replay, shares: Sequence[Collection[int]]) -> None:
    if len(shares) > 1:
        await _by_processes(replay, shares)
    elif shares:
        await go_through(replay, shares[0])


async def _by_processes(replay: Replay, shares: Sequence[Collection[int]]) -> None:
    context = multiprocessing.get_context("spawn")
    loop, parent = asyncio.get_running_loop(), os.getpid()
    executor = ProcessPoolExecutor(len(shares), mp_context=context, initializer=_end_with, initargs=(parent,))
    try:
        taken = (replay.settings, replay.schema, replay.plan)
        await asyncio.gather(*(loop.run_in_executor(executor, _share, *taken, share) for share in shares))
    except BrokenProcessPool as error:
        raise Unavailable("a process of the replay was ended from outside: run it again, and it goes on") from error
    finally:
        for child in multiprocessing.active_children():
            child.terminate()
        executor.shutdown(wait=False, cancel_futures=True)


def _share(settings: Settings, schema: str, plan: Plan, partitions: Collection[int]) -> None:
    """One process's share of the spans."""
    logs.configure(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_connected(settings, schema, plan, partitions))


async def _connected(settings: Settings, schema: str, plan: Plan, partitions: Collection[int]) -> None:
    async with connected(settings, schema) as (live, shadow):
        await go_through(Replay(settings, live, shadow, schema, plan), partitions)


def _end_with(parent: int) -> None:
    """Have this process end when the one that began it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(ORPHAN_SECONDS / 2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
