import pytest

from tests.journeys.system import System
from tests.replay.living import Commands


@pytest.fixture
def commands(system: System, capsys: pytest.CaptureFixture[str]) -> Commands:
    """The command line of the test's system."""
    return Commands(system, capsys)
