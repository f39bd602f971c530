from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.embedded import temporary_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that servers of any user can live in, empty at first."""
    with temporary_folder() as new:
        yield new
