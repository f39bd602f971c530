import asyncio
import os
from pathlib import Path

import pytest

from worker.embedded import Postgres
from worker.embedded.server_process import ServerProcess

from .starting import START_SECONDS, both_are_gone, started

_SURVIVAL_SECONDS = 5


async def test_servers_do_not_survive_the_kill_of_their_starter(folder: Path) -> None:
    async with started(folder) as (process, _):
        process.kill()
        await process.wait()
        await both_are_gone(folder)


async def test_paused_servers_do_not_survive_it_either(folder: Path) -> None:
    async with started(folder, "pause") as (process, _):
        process.kill()
        await process.wait()
        await both_are_gone(folder)


async def test_a_starter_that_stops_its_servers_leaves_nothing_outside_their_folder(folder: Path) -> None:
    temporary = folder / "temporary"
    temporary.mkdir()
    async with started(folder, "stop", environment={"TMPDIR": str(temporary)}) as (process, _):
        async with asyncio.timeout(START_SECONDS):
            assert await process.wait() == 0
        assert list(temporary.iterdir()) == []
        async with asyncio.timeout(_SURVIVAL_SECONDS):
            while _processes_about(folder):  # noqa: ASYNC110 - the end of a stranger is no event
                await asyncio.sleep(0.01)


def _processes_about(folder: Path) -> list[bytes]:
    """Command lines, so guardians too; the starter's own has ended."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = command.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if os.fsencode(folder) in line:
            found.append(line)
    return found


async def test_a_server_outlives_the_thread_that_started_it(folder: Path) -> None:
    postgres = Postgres(folder)
    await asyncio.to_thread(lambda: asyncio.run(postgres.start()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await postgres._process._until(postgres._process._nobody_runs, 10)
    await postgres.stop()


async def test_a_cancelled_start_leaves_no_server(folder: Path) -> None:
    postgres = Postgres(folder)
    start = asyncio.create_task(postgres.start())
    async with asyncio.timeout(START_SECONDS):
        while not postgres._process.launched:  # noqa: ASYNC110 - any moment after the launch will do
            await asyncio.sleep(0)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    await ServerProcess("postgres", folder).vacant(0)
    assert not postgres._process.launched
