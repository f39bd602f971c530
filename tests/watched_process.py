"""`python -m tests.watched_process HOW`: a process with a watchdog that looks often, and the trouble of that name."""

import asyncio
import re
import sys
import threading
import time

from worker import logs
from worker.attending import attended
from worker.health import Health
from worker.settings import Settings
from worker.watchdog import Patience, Watchdog

PATIENCE = Patience(beat_seconds=0.05, blocked=20, ailing=20)
# Longer than any of that.
FOR_EVER = 600
BEAT_SECONDS = 0.1


def block_the_loop() -> None:
    time.sleep(FOR_EVER)


def spin() -> None:
    while True:
        re.sub("a", "b", "aaa")


class Part:
    """A part that beats in the loop, and says so by the clock, as real parts do."""

    def __init__(self) -> None:
        self.beaten_at = time.monotonic()

    async def beat(self) -> None:
        while True:
            print("beat", flush=True)  # noqa: T201 - this is read
            self.beaten_at = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)

    def alive(self) -> str | None:
        still = time.monotonic() - self.beaten_at
        return f"no beat for {still:.0f} s" if still > BEAT_SECONDS * 5 else None


async def main(how: str) -> None:
    logs.configure(Settings())
    health, part = Health(), Part()
    health.register("heart", part.alive, part.alive)
    watching = asyncio.create_task(Watchdog(health, PATIENCE).run())
    beating = asyncio.create_task(part.beat())
    async with attended(health):
        await asyncio.sleep(BEAT_SECONDS)
        match how:
            case "blocked":
                block_the_loop()
            case "spinning":
                spin()
            case "mute":
                # Whoever reads the log does not read any more, and a line of it is under way.
                threading.Thread(target=lambda: sys.stderr.write("x" * 1_000_000), daemon=True).start()
                block_the_loop()
            case "stuck":
                beating.cancel()
        await asyncio.wait({watching, beating}, return_when=asyncio.ALL_COMPLETED)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
