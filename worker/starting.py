"""Starting: a server that is not there yet is waited for, with a clear line in the log and never a stack trace."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from worker.ports import Unavailable

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 10.0
# New objects that call for a look at the youngest; a batch makes some ten thousand, nearly none of them in a ring.
YOUNGEST: Final = 500_000

Answer = TypeVar("Answer")


class StoppedEarly(Exception):  # noqa: N818 - named for what happened
    """The process was told to stop before it had started."""


async def patiently(stop: asyncio.Event, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """What `attempt` returns once it no longer raises Unavailable. Raises StoppedEarly, also out of an attempt."""
    wait = FIRST_WAIT_SECONDS
    while not stop.is_set():
        try:
            return await _unless(stop, attempt)
        except Unavailable as error:
            structlog.get_logger().warning("start.waiting", reason=str(error), seconds=wait)
        try:
            async with asyncio.timeout(wait):
                await stop.wait()
        except TimeoutError:
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
    raise StoppedEarly


async def _unless(stop: asyncio.Event, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """One attempt; a server that takes connections and does not answer must not hold up a stop."""
    attempting, stopped = asyncio.ensure_future(attempt()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({attempting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if attempting.done():
            return attempting.result()
    finally:
        stopped.cancel()
        attempting.cancel()
        await asyncio.wait({attempting, stopped})
    raise StoppedEarly


def collect_rarely() -> None:
    """Let Python look for rings of garbage less often: what is loaded by now stays, and work makes hardly any.

    At the default, a look for every 700 new objects cost a sixth of a lane's CPU, and a twentieth of the ingress's.
    """
    gc.freeze()
    gc.set_threshold(YOUNGEST, *gc.get_threshold()[1:])
