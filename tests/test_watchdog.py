"""A process that is stuck ends itself; one that was only stopped for a while does not."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ingress.client import until
from tests.watched_process import PATIENCE
from worker.health import Health
from worker.metrics import REGISTRY
from worker.watchdog import Patience, Watchdog

ROOT = Path(__file__).parents[1]
SECONDS = 120
BEATS = 30


@asynccontextmanager
async def process(how: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.watched_process", how, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def ended(how: str) -> tuple[int | None, list[dict[str, Any]]]:
    """The status it ended with by itself, and what it logged."""
    async with process(how) as started:
        _, said = await started.communicate()
        return started.returncode, [json.loads(line) for line in said.decode().splitlines()]


@pytest.mark.parametrize(("how", "where"), [("blocked", "in block_the_loop"), ("spinning", "in spin")])
async def test_a_blocked_loop_ends_the_process_with_one_line_that_says_where_it_stands(how: str, where: str) -> None:
    status, [line] = await ended(how)
    assert status == 1
    assert (line["event"], line["level"]) == ("loop.blocked", "critical")
    assert line["looks"] == PATIENCE.blocked
    assert where in line["stack"]


async def test_a_part_that_makes_no_progress_ends_the_process_with_one_line_that_names_it() -> None:
    status, [line] = await ended("stuck")
    assert status == 1
    assert (line["event"], line["level"]) == ("process.stuck", "critical")
    assert line["parts"]["heart"].startswith("no beat for ")


def test_a_log_that_nobody_reads_does_not_keep_a_stuck_process_alive() -> None:
    command = [sys.executable, "-m", "tests.watched_process", "mute"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as started:
        try:
            assert started.wait(SECONDS) == 1
        finally:
            started.kill()


async def test_a_process_that_was_stopped_for_longer_than_its_watchdog_waits_goes_on() -> None:
    async with process("well") as started:
        assert started.stdout is not None
        for _ in range(3):
            assert await started.stdout.readline() == b"beat\n"
        started.send_signal(signal.SIGSTOP)
        # Two more of its kind have the time to find themselves stuck meanwhile.
        assert [status for status, _ in [await ended("blocked"), await ended("stuck")]] == [1, 1]
        started.send_signal(signal.SIGCONT)
        for _ in range(BEATS):
            assert await started.stdout.readline() == b"beat\n"
        assert started.returncode is None


async def test_a_loop_that_wakes_late_shows_in_the_metric() -> None:
    def late() -> float:
        return REGISTRY.get_sample_value("capital_loop_lag_seconds_sum") or 0

    before = late()
    watching = asyncio.create_task(Watchdog(Health(), Patience(beat_seconds=0.01)).run())
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - blocking the loop is what is tested
    await until(lambda: late() > before + 0.05)
    watching.cancel()
    await asyncio.wait({watching})
