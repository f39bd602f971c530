"""What the database or its driver refuses for its data is told from trouble, and never quoted."""

import pytest

from tests.store.counting import CountingPool
from worker.ports import DataRefused, Unavailable

HIDDEN = 2**64


@pytest.mark.parametrize(
    ("query", "value"),
    [
        pytest.param("SELECT $1::bigint", HIDDEN, id="a-number-that-fits-no-column"),
        pytest.param("SELECT $1::text", f"{HIDDEN}\x00", id="NUL-in-text"),
        pytest.param("SELECT $1::text", f"{HIDDEN}\ud800", id="half-a-character"),
        pytest.param("SELECT $1::text::integer", f"{HIDDEN}", id="a-number-the-server-reads"),
        pytest.param("SELECT $1::text::json", f"{HIDDEN}}}", id="no-JSON"),
        pytest.param("SELECT to_timestamp($1::bigint)", 2**62, id="a-time-beyond-the-calendar"),
        pytest.param("INSERT INTO cursor SELECT $1, 0, 0, 0, ''", 7, id="a-constraint"),
    ],
)
async def test_refused_data_is_named_by_kind_and_never_quoted(pool: CountingPool, query: str, value: object) -> None:
    with pytest.raises(DataRefused, match=r"^postgres refused the data: \w+Error") as refused:
        async with pool.connection() as connection:
            await connection.execute(query, value)
    assert str(HIDDEN) not in str(refused.value)


async def test_trouble_that_no_data_are_to_blame_for_is_not_a_refusal_of_data(pool: CountingPool) -> None:
    with pytest.raises(Unavailable, match="UndefinedTableError") as trouble:
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM no_such_table")
    assert not isinstance(trouble.value, DataRefused)
