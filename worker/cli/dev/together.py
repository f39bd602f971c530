"""Works side by side: all of them, or the first of them; none is left running."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def all_of(*works: Callable[[], Awaitable[object]]) -> None:
    """Begin all, and return when all are done; the first failure ends the rest and is raised in a group."""
    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(_awaited(work))


async def _awaited(work: Callable[[], Awaitable[object]]) -> None:
    await work()


async def first_of(*works: Coroutine[Any, Any, Result]) -> Result:
    """The result, or the error, of the first to end; the others are cancelled and have ended on return."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
