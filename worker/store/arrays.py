"""Arrays: rows turned into one array a column, so that one statement writes a batch of any size."""

from collections.abc import Iterable, Sequence


def columns(rows: Sequence[Sequence[object]]) -> Iterable[list[object]]:
    """Rows as the arrays that `unnest` takes."""
    return map(list, zip(*rows, strict=True))
