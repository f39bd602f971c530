import asyncio

import pytest
from structlog.testing import capture_logs

from worker.settings import Settings
from worker.wiring import Process, _until_stopped


class Stuck:
    """Work that does not end by being asked to."""

    def __init__(self) -> None:
        self.asked = False
        self.cut = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.cut = True

    def stop(self) -> None:
        self.asked = True


async def test_work_that_does_not_end_in_the_drain_time_is_cut_and_said_to_be() -> None:
    process = Process(Settings(drain_seconds=0.01), asyncio.Event())
    process.stop.set()
    stuck = Stuck()
    with capture_logs() as logs:
        await _until_stopped(process, stuck)
    assert stuck.asked
    assert stuck.cut
    assert [line["event"] for line in logs] == ["work.cut"]


async def test_work_that_fails_is_not_taken_for_drained() -> None:
    class Broken(Stuck):
        async def run(self) -> None:
            raise TimeoutError("of its own")

    process = Process(Settings(), asyncio.Event())
    with pytest.raises(TimeoutError, match="of its own"):
        await _until_stopped(process, Broken())
