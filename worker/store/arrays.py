"""Arrays: rows turned into one array a column, so that one statement writes a batch of any size."""

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[object]]) -> Sequence[list[object]]:
    """Rows as the arrays that `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)]
