"""A deadline that many share: each may wait equally long, and one timer watches them all; none ever ends early.

`asyncio.timeout` arms and disarms a timer each time: at three for every webhook, that was a tenth of the ingress's CPU.
"""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """So many seconds for each who enters: `with deadline.granted():` raises TimeoutError as `asyncio.timeout` does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # In the order in which they began, and so in the order in which they end.
        self._granted: dict[Grant, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def granted(self) -> "Grant":
        """The time of one who enters now."""
        return Grant(self)

    def begin(self, grant: "Grant") -> None:
        """Count from now on."""
        loop = asyncio.get_running_loop()
        ends = self._granted[grant] = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(ends, self._look, loop)

    def end(self, grant: "Grant") -> None:
        """Done, in time or not."""
        self._granted.pop(grant, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End those whose time is up, and look again when the next one's is."""
        self._timer = None
        for grant, ends in list(self._granted.items()):
            if ends > loop.time():
                self._timer = loop.call_at(ends, self._look, loop)
                return
            del self._granted[grant]
            grant.expire()


class Grant:
    """The time of one task, from entering to leaving."""

    __slots__ = ("_cancelling", "_deadline", "_expired", "_task")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._expired = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task has a deadline")
        self._task, self._cancelling = task, task.cancelling()
        self._deadline.begin(self)
        return self

    def expire(self) -> None:
        """The time is up."""
        self._expired = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadline.end(self)
        # Told to end by somebody else as well, it ends as cancelled.
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
