"""The first signal asks, the second ends, and so does the time."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 60
PROGRAM = """
import asyncio, sys, time
from worker import logs
from worker.settings import Settings
from worker.shutdown import stop_requested

async def main(seconds, how):
    stop = stop_requested(seconds)
    print("ready", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    if how == "blocked":
        time.sleep(600)
    if how == "waiting":
        await asyncio.Event().wait()

logs.configure(Settings())
asyncio.run(main(float(sys.argv[1]), sys.argv[2]))
"""


@asynccontextmanager
async def stopping(seconds: float, how: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has heard a first signal."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(seconds), how, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            assert await process.stdout.readline() == b"ready\n"
            process.send_signal(signal.SIGTERM)
            assert await process.stdout.readline() == b"stopping\n"
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_second_signal_ends_the_process_at_once_with_status_1() -> None:
    async with stopping(SECONDS * 2, "waiting") as process:
        process.send_signal(signal.SIGINT)
        assert (await process.communicate())[1] == b""
        assert process.returncode == 1


async def test_a_process_that_does_not_end_in_its_time_is_ended_and_says_so() -> None:
    for how in ("waiting", "blocked"):
        async with stopping(0.1, how) as process:
            _, said = await process.communicate()
            line = json.loads(said)
            assert (line["event"], line["level"], line["seconds"]) == ("shutdown.overdue", "critical", 0.1)
            assert process.returncode == 1


async def test_a_process_that_ends_in_its_time_ends_well() -> None:
    async with stopping(SECONDS * 2, "well") as process:
        assert (await process.communicate())[1] == b""
        assert process.returncode == 0
