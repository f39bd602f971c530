"""Shutdown: a signal becomes an event that every role watches; a second signal ends the process at once."""

import asyncio
import os
import signal
import threading
from functools import partial
from typing import Final, NoReturn

import structlog

# A log whose reader is stuck must not keep a stuck process alive.
LAST_WORDS_SECONDS: Final = 2


def stop_requested() -> asyncio.Event:
    """An event that is set at the first SIGTERM or SIGINT."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if event.is_set():
            # Nothing is lost: what was not committed is done again from the cursor.
            os._exit(1)
        event.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return event


def end_now(event: str, **details: object) -> NoReturn:
    """Say why, if the log takes it, and end the process with status 1, which is as safe as a kill."""
    words = threading.Thread(target=partial(structlog.get_logger().critical, event, **details), daemon=True)
    words.start()
    words.join(LAST_WORDS_SECONDS)
    os._exit(1)
