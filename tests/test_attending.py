import asyncio

import pytest
from structlog.testing import capture_logs

from worker.attending import until_stopped

LONG_SECONDS = 60


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


async def test_work_that_does_not_end_in_its_time_is_cut_and_said_to_be() -> None:
    stop, stuck = asyncio.Event(), Stuck()
    stop.set()
    with capture_logs() as logs:
        await until_stopped(stuck, stop, 0.01)
    assert stuck.asked
    assert stuck.cut
    assert [line["event"] for line in logs] == ["work.cut"]


async def test_work_that_fails_is_not_taken_for_drained() -> None:
    class Broken(Stuck):
        async def run(self) -> None:
            raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await until_stopped(Broken(), asyncio.Event(), LONG_SECONDS)
