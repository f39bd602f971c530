"""Lanes that begin again and again on real parts: whatever they opened is let go of, and each attempt is one line."""

import asyncio
import gc
from pathlib import Path

import pytest

from tests.journeys.consuming import Consume, consuming, restarts
from tests.journeys.system import System
from worker.consumer import keeper

DESCRIPTORS = Path("/dev/fd")
FEW, MANY = 20, 100


def held() -> tuple[int, int]:
    """Tasks and file descriptors of this process."""
    gc.collect()
    return len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))


async def after(consume: Consume, attempts: int) -> tuple[int, int, int]:
    """The most tasks and descriptors held, and the lines logged, within so many more attempts."""
    first, lines = restarts("unavailable"), len(consume.logged("lane.interrupted"))
    most = held()
    while restarts("unavailable") < first + attempts:
        await consume.until(lambda: restarts("unavailable") > first, "begun again")
        tasks, descriptors = held()
        most = (max(most[0], tasks), max(most[1], descriptors))
        await asyncio.sleep(0.05)
    done = int(restarts("unavailable") - first)
    assert len(consume.logged("lane.interrupted")) - lines == done
    return (*most, done)


async def test_lanes_begun_again_a_hundred_times_hold_no_more_than_those_begun_a_few_times(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "LONGEST_WAIT_SECONDS", 0.01)
    await system.prepare()
    async with consuming(system) as consume:
        await consume.ready()
        # Every claim fails, after all connections to Kafka were made.
        await system.rows("ALTER TABLE cursor RENAME TO gone")
        await system.events_topic.write(b"not JSON", b"key")
        few = await after(consume, FEW)
        many = await after(consume, MANY)
        assert many[0] <= few[0] * 1.5, "tasks stay behind"
        assert many[1] <= few[1] * 1.5, "descriptors stay behind"
        await system.rows("ALTER TABLE gone RENAME TO cursor")
        await consume.ready()
        await system.caught_up()
