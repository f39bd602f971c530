"""The console that people read: coloured at a terminal unless NO_COLOR is set, plain text anywhere else."""

import os
import sys
from typing import Final

from rich.console import Console

# Where no terminal says how wide it is, such as in a file or a pager.
WIDTH: Final = 100


def console() -> Console:
    """Standard output. What is printed is text alone: no markup, no emoji codes and no guessed highlights."""
    unknown = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return Console(width=WIDTH if unknown else None, markup=False, emoji=False, highlight=False)
