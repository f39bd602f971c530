"""After every journey its records are decided once more: the same tables and notifications must come out."""

from collections.abc import AsyncIterator, Generator
from typing import Final

import pytest
from structlog.testing import capture_logs

from tests.journeys.system import System
from worker.replay.request import Request
from worker.replaying import comparing, opening, running
from worker.store.differences import Difference, Promotion

PASSED: Final = pytest.StashKey[bool]()
NAME: Final = "journey"


class Found:
    """The differences that a comparison finds."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []

    def difference(self, one: Difference) -> None:
        self.differences.append(one)

    def promoted(self, one: Promotion) -> None:
        """What was promoted is compared as far as it can be."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(autouse=True)
async def replayed(request: pytest.FixtureRequest, system: System) -> AsyncIterator[None]:
    """Replay the test's system once the test has passed, where it took any record."""
    yield
    if request.node.get_closest_marker("unreplayable") or not request.node.stash.get(PASSED, False):
        return
    ((prepared,),) = await system.rows("SELECT to_regclass($1) IS NOT NULL", f"{system.name}.cursor")
    if prepared and (await system.rows("SELECT EXISTS (SELECT FROM cursor WHERE next_offset > 0)")) == [(True,)]:
        assert await differences(system) == []


async def differences(system: System) -> list[Difference]:
    """What a replay from the beginning finds."""
    found = Found()
    with capture_logs():
        async with opening.opened(system.settings, NAME, Request()) as begun:
            await running.run(begun, lambda _offsets: None, 1)
            await comparing.compare(begun, found)
        await opening.drop(system.settings, NAME)
    return found.differences
