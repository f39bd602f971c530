"""The command that brings what webhooks did not: Stripe's events of 30 days, and offers as they are now."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from time import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from worker import backfilling
from worker.backfilling import EVENT_DAYS, Walked, Wish
from worker.catching_up import opened
from worker.cli import modes
from worker.cli.subcommands import Subcommands
from worker.settings import Settings
from worker.store.backfills import Name, Standing

WRONG_USAGE: Final = 2


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
    text = "put events that Stripe has and the system does not on the events topic, and offers where events are gone"
    command = commands.add_parser("backfill", help=text, description=text)
    since = "from this day or second on (UTC, such as 2026-11-01 or 2026-11-01T08:30:00Z)"
    command.add_argument("--since", type=_second, required=True, metavar="TIME", help=since)
    command.add_argument("--until", type=_second, metavar="TIME", help="up to and without this second (now)")
    command.add_argument("--quiet", action="store_true", help="bring the state up to date without telling anybody")
    modes.add_to(command)
    command.set_defaults(role="backfill", run=backfill)


def _second(text: str) -> int:
    """A time as seconds since the epoch; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-01 or 2026-11-01T08:30:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


async def backfill(settings: Settings, chosen: argparse.Namespace) -> int:
    """Bring it mode after mode; 0 once all of it is on the topic, 1 where it could not be brought."""
    until = time() if chosen.until is None else chosen.until
    if chosen.since >= until or until > time() + 1:
        print("backfill: --since has to be before --until, and both in the past", file=sys.stderr)
        return WRONG_USAGE
    async with opened(settings, "backfill") as catch_up:
        livemodes = modes.livemodes(settings, chosen)
        _announce(chosen)
        for livemode in livemodes:
            wish = Wish(livemode, chosen.since, chosen.until, chosen.quiet)
            with _bars() as bars:
                walked = await backfilling.backfill(catch_up, wish, _progress(bars))
            _print(walked, wish)
    return 0


def _announce(chosen: argparse.Namespace) -> None:
    """Say on standard error what will be walked through beside events, and why."""
    if chosen.since < time() - EVENT_DAYS * backfilling.DAY:
        text = f"Stripe keeps events for {EVENT_DAYS} days: of what is older, offers are brought as they are now"
        print(text, file=sys.stderr)
    elif chosen.quiet:
        print("in silence every offer is brought as it is now, before the events", file=sys.stderr)


def _bars() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[day]}  {task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))


def _progress(bars: Progress) -> backfilling.Progress:
    """A bar for each list, along the time that it covers."""
    tasks: dict[Name, TaskID] = {}

    def progress(name: Name, start: int, standing: Standing) -> None:
        if name not in tasks:
            described = f"{modes.name_of(livemode=name.livemode)} {name.list}"
            tasks[name] = bars.add_task(described, total=standing.until - start, day="", figures="")
        figures = f"{standing.listed:,} listed, {standing.appended:,} new"
        bars.update(tasks[name], completed=standing.reached - start, day=_text(standing.reached)[:10], figures=figures)

    return progress


def _print(walked: Sequence[Walked], wish: Wish) -> None:
    for one in walked:
        resumed = "" if one.begun_at is None else f" (went on at {_text(one.begun_at)})"
        since = _text(wish.since) if one.list == "events" else "the first"
        silently = ", in silence" if wish.quiet else ""
        print(
            f"{modes.name_of(livemode=one.livemode)} {one.list} from {since} until {_text(one.until)}{resumed}:"
            f" {one.listed:,} listed, {one.appended:,} new and put on the topic{silently}"
        )


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
