import asyncio

import pytest

from worker.deadline import Deadline

SHORT = 0.02
LONG = 3600


async def stay(deadline: Deadline) -> None:
    with deadline.granted():
        await asyncio.Event().wait()


async def test_who_stays_too_long_is_ended_with_a_timeout_and_never_early() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(TimeoutError):
        await stay(Deadline(SHORT))
    assert loop.time() - began >= SHORT


async def test_each_of_many_has_its_own_time() -> None:
    deadline = Deadline(SHORT)
    for _ in range(3):
        ended = await asyncio.gather(*(stay(deadline) for _ in range(100)), return_exceptions=True)
        assert [type(error) for error in ended] == [TimeoutError] * 100


async def test_who_leaves_in_time_is_left_alone() -> None:
    deadline = Deadline(SHORT)
    with deadline.granted():
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.create_task(stay(deadline))
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_of_two_deadlines_the_one_that_is_up_ends_the_wait() -> None:
    with Deadline(LONG).granted():
        with pytest.raises(TimeoutError):
            await stay(Deadline(SHORT))
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError), Deadline(SHORT).granted():
        await stay(Deadline(LONG))


async def test_who_is_cancelled_by_somebody_else_is_cancelled() -> None:
    task = asyncio.create_task(stay(Deadline(LONG)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_when_the_time_is_up_is_cancelled() -> None:
    deadline = Deadline(LONG)
    task = asyncio.create_task(stay(deadline))
    await asyncio.sleep(0)
    grant = next(iter(deadline._granted))
    task.cancel()
    grant.expire()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_ones_own_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="own"), Deadline(SHORT).granted():
        raise ValueError("own")
