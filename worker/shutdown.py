"""Shutdown: a signal becomes an event that every role watches; a second signal ends the process at once."""

import asyncio
import os
import signal


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
