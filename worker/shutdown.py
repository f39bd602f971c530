"""Shutdown: a signal becomes an event that every role watches; whatever happens then, the process ends in time."""

import asyncio
import os
import signal
import threading
from functools import partial
from typing import Final, NoReturn

import structlog

# A log whose reader is stuck must not keep a stuck process alive.
LAST_WORDS_SECONDS: Final = 2


def stop_requested(seconds: float) -> asyncio.Event:
    """An event that is set at the first SIGTERM or SIGINT.

    A second signal ends the process at once, and so does the time: it has so many seconds from the first on.
    """
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if event.is_set():
            # Nothing is lost: what was not committed is done again from the cursor.
            os._exit(1)
        event.set()
        # Not the loop's own timer: the loop may be what is stuck, or may have ended and waits for a thread.
        overdue = threading.Timer(seconds, partial(end_now, "shutdown.overdue", seconds=seconds))
        overdue.daemon = True
        overdue.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return event


def end_now(event: str, **details: object) -> NoReturn:
    """Say why, if the log takes it, and end the process with status 1, which is as safe as a kill."""
    words = threading.Thread(target=partial(structlog.get_logger().critical, event, **details), daemon=True)
    words.start()
    words.join(LAST_WORDS_SECONDS)
    os._exit(1)
