from dataclasses import replace

import pytest

from tests.store.counting import CountingPool
from worker.store.alone import alone
from worker.store.backfills import Name, Standing, begin, finish, reach

NAME = Name(livemode=True, list="events", since=1_000, quiet=False)


async def test_a_walk_begins_at_its_start_and_ends_now_unless_something_else_was_said(pool: CountingPool) -> None:
    assert await begin(pool, NAME, 1_000, None, 9_000) == Standing(9_000, 1_000, 0, 0)
    assert await begin(pool, replace(NAME, quiet=True), 1_000, 5_000, 9_000) == Standing(5_000, 1_000, 0, 0)


async def test_a_walk_begun_again_goes_on_where_it_stood_and_ends_where_it_was_to_end(pool: CountingPool) -> None:
    await begin(pool, NAME, 1_000, None, 9_000)
    await reach(pool, NAME, 3_000, 70, 7)
    await reach(pool, NAME, 4_000, 30, 0)
    assert await begin(pool, NAME, 1_000, None, 20_000) == Standing(9_000, 4_000, 100, 7)
    assert await begin(pool, NAME, 1_000, 15_000, 20_000) == Standing(15_000, 4_000, 100, 7)


@pytest.mark.parametrize("other", [{"livemode": False}, {"list": "offers"}, {"since": 999}, {"quiet": True}])
async def test_another_walk_goes_its_own_way(pool: CountingPool, other: dict[str, object]) -> None:
    await begin(pool, NAME, 1_000, None, 9_000)
    await reach(pool, NAME, 3_000, 70, 7)
    assert (await begin(pool, replace(NAME, **other), 1_000, None, 9_000)).reached == 1_000  # type: ignore[arg-type]


async def test_a_finished_backfill_leaves_nothing_and_one_like_it_begins_anew(pool: CountingPool) -> None:
    for name in (NAME, replace(NAME, list="offers"), replace(NAME, since=2_000)):
        await begin(pool, name, 1_000, None, 9_000)
        await reach(pool, name, 3_000, 70, 7)
    await finish(pool, livemode=True, since=1_000, quiet=False)
    assert await begin(pool, NAME, 1_000, None, 9_000) == Standing(9_000, 1_000, 0, 0)
    assert (await begin(pool, replace(NAME, since=2_000), 1_000, None, 9_000)).reached == 3_000


async def test_one_at_a_time_does_a_thing_and_the_next_one_once_it_is_done(pool: CountingPool) -> None:
    async with alone(pool, "reconcile") as first, alone(pool, "reconcile") as second, alone(pool, "backfill") as other:
        assert (first, second, other) == (True, False, True)
    async with alone(pool, "reconcile") as again:
        assert again
