"""A role of the worker with a wrong rule planted: `python -m tests.replay.planted BUG ROLE`."""

import sys

import pytest

from tests.replay import bugs
from worker.__main__ import main

if __name__ == "__main__":
    getattr(bugs, sys.argv.pop(1))(pytest.MonkeyPatch())
    main()
