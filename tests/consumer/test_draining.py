import asyncio

import pytest
from structlog.testing import capture_logs

from worker.rotation import Rotation
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


def process_of(settings: Settings) -> Process:
    return Process(settings, asyncio.Event(), Rotation("consume", settings, {}))


async def test_work_that_does_not_end_in_the_drain_time_is_cut_and_said_to_be() -> None:
    process = process_of(Settings(drain_seconds=0.01))
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

    process = process_of(Settings())
    with pytest.raises(TimeoutError, match="of its own"):
        await _until_stopped(process, Broken())
