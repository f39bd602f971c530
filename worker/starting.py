"""Starting: a server that is not there yet is waited for, with a clear line in the log and never a stack trace."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from worker.ports import Unavailable

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 10.0

Answer = TypeVar("Answer")


class StoppedEarly(Exception):  # noqa: N818 - named for what happened
    """The process was told to stop before it had started."""


async def patiently(stop: asyncio.Event, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """What `attempt` returns once it no longer raises Unavailable. Raises StoppedEarly."""
    wait = FIRST_WAIT_SECONDS
    while not stop.is_set():
        try:
            return await attempt()
        except Unavailable as error:
            structlog.get_logger().warning("start.waiting", reason=str(error), seconds=wait)
        try:
            async with asyncio.timeout(wait):
                await stop.wait()
        except TimeoutError:
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
    raise StoppedEarly
