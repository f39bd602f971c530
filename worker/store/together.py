"""Together: statements of a batch as one behind its fence, so that all of it goes to the database and back once.

Such a statement is a transaction by itself. Nothing in it sees what another part of it writes, so that no two parts
may write the same row.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

# A statement and its arguments; it takes its rows from `unnest`, one array a column.
Write = tuple[str, Sequence[object]]

ARGUMENT: Final = re.compile(r"\$(\d+)")
ROWS: Final = "unnest("
# Of those that batches are made of, some dozens are met.
KEPT: Final = 512


def together(fence: Write, writes: Sequence[Write]) -> Write:
    """The fence and what is behind it as one statement: how many rows the fence moved is what it returns.

    Where that is 0, nothing was written. Postgres promises no order among the parts of a statement: each is joined to
    what the fence returns, and so waits for it.
    """
    statement = _joined(fence[0], tuple(statement for statement, _ in writes))
    return statement, [*fence[1], *(argument for _, arguments in writes for argument in arguments)]


@lru_cache(maxsize=KEPT)
def _joined(fence: str, statements: Sequence[str]) -> str:
    parts = [f"moved AS ({fence}\nRETURNING true AS moved)"]
    taken = _arguments(fence)
    for place, statement in enumerate(statements):
        parts.append(f"part_{place} AS ({_behind(_numbered_from(statement, taken))})")
        taken += _arguments(statement)
    return f"WITH {', '.join(parts)}\nSELECT count(*) FROM moved"


def _arguments(statement: str) -> int:
    return max(int(number) for number in ARGUMENT.findall(statement))


def _numbered_from(statement: str, taken: int) -> str:
    return ARGUMENT.sub(lambda found: f"${int(found[1]) + taken}", statement)


def _behind(statement: str) -> str:
    """A statement that finds no rows unless the fence moved. Raises ValueError where its rows are not found."""
    before, found, after = statement.partition(ROWS)
    if not found:
        raise ValueError("a statement that takes no rows from unnest would be written whatever the fence says")
    return f"{before}moved, {ROWS}{after}"
