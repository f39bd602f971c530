"""Running everything until it is done or a signal comes; whichever way it ends, nothing is left behind."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from worker.cli.dev.endless import endless
from worker.cli.dev.once import once
from worker.cli.dev.place import Place, opened
from worker.cli.dev.together import first_of
from worker.clock import SystemClock
from worker.embedded.errors import EmbeddedError
from worker.ports import Unavailable
from worker.settings import PREFIX
from worker.showing.console import console
from worker.showing.live import LiveView
from worker.simulator.world import World
from worker.store.migrations import SchemaMismatch

DONE: Final = 0
FAILED: Final = 1
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be run: which world, how large, and whether once or without end."""

    seed: int
    accounts: int
    once: bool


def run_here(wish: Wish) -> int:
    """Run: 0 done or ended by a signal, 1 failed or ended before the verdict. Expected trouble is told, not traced."""
    status = FAILED
    try:
        with asyncio.Runner() as runner:
            status = runner.run(_until_signalled(wish, console()))
    except* (EmbeddedError, Unavailable, SchemaMismatch) as group:
        for error in _leaves(group):
            print(f"dev: {error}", file=sys.stderr)
    return status


async def _until_signalled(wish: Wish, out: Console) -> int:
    """Work until it is done, or until the first signal; later ones are heard and change nothing."""
    signalled = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    work, stop = asyncio.create_task(_work(wish, out)), asyncio.create_task(signalled.wait())
    await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not work.done():
        out.print("\nEnding everything.")
        work.cancel()
        await asyncio.wait({work})
    if work.cancelled():
        return FAILED if wish.once else DONE
    return work.result()


async def _work(wish: Wish, out: Console) -> int:
    ignored = sorted(name for name in os.environ if name.startswith(PREFIX))
    if ignored:
        out.print(f"Ignored, since this makes its own settings: {', '.join(ignored)}")
    out.print("Starting Kafka, Postgres and the worker; the first time ever, Kafka is fetched.")
    async with opened() as place:
        if wish.once:
            return await first_of(once(place, wish.seed, wish.accounts, out), place.serve.lost())
        _introduce(place, wish, out)
        view = LiveView(out, SystemClock())
        return await first_of(endless(place, wish.seed, wish.accounts, view), place.serve.lost())


def _introduce(place: Place, wish: Wish, out: Console) -> None:
    settings = place.settings
    account = World(seed=wish.seed, accounts=wish.accounts).accounts[0].id
    python = os.path.relpath(sys.executable)
    python = sys.executable if python.startswith(os.pardir) else python
    lines = {
        "webhooks": place.webhooks,
        "health": f"{place.health}/readyz  (also /livez and /metrics)",
        "Kafka": settings.kafka_bootstrap,
        "Postgres": settings.database_url,
        "secrets": ", ".join(settings.webhook_secrets),
        "log": str(place.serve.log),
    }
    out.print("\nEverything runs. Ctrl-C ends it.\n", style="bold")
    for name, value in lines.items():
        out.print(f"  {name:10}{value}", soft_wrap=True)
    out.print("\nWhat happened to an account, in another terminal:\n")
    out.print(f"  export CAPITAL_DATABASE_URL={settings.database_url}", soft_wrap=True)
    out.print(f"  {python} -m worker show {account}\n", soft_wrap=True)
    out.print("From here on: a webhook and the answer to it (delivered), a milestone that waits (held), and")
    out.print("a notification as its readers see it (told). Stripe is played: the world begins anew for ever.\n")


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors in a group of groups."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
