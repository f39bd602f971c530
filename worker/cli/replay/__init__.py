"""The commands about replays: go through records again beside the live system, and report what differs."""

import argparse
import re
import sys
from collections.abc import Callable
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from worker.cli.replay import promote
from worker.cli.replay.reports import report_of
from worker.cli.subcommands import Subcommands
from worker.replay.plan import Refused
from worker.replay.request import Request, mark, moment, offsets
from worker.replaying import comparing, opening, running
from worker.settings import Settings
from worker.store import event_reader

WRONG_USAGE: Final = 2
DIFFERENCES: Final = 3
LONGEST_DEFAULT_NAME: Final = 30

Value = TypeVar("Value")


def add_to(commands: Subcommands) -> None:
    """Add them to the parser."""
    text = "go through records again into a shadow schema, and report what differs (exit status 3)"
    command = commands.add_parser("replay", help=text, description=text)
    start = command.add_mutually_exclusive_group()
    start.add_argument("--from-beginning", action="store_true", help="every record the live lanes have taken")
    start.add_argument(
        "--from-timestamp", dest="start", metavar="T", type=_read(moment), help="records from this time on"
    )
    start.add_argument(
        "--from-offset", dest="start", metavar="P:O,…", type=_read(offsets), help="these partitions, from these offsets"
    )
    command.add_argument(
        "--until", metavar="T|P:O,…", type=_read(mark), help="records before it; by default up to where the lanes stand"
    )
    command.add_argument(
        "--account", metavar="ACCOUNT", action="append", help="this account's records only; repeatable"
    )
    command.add_argument(
        "--from-log", action="store_true", help="read from the event log what the topic no longer holds"
    )
    command.add_argument("--name", type=_name, help="of the shadow; by default that of the account, or `all`")
    command.add_argument(
        "--processes", type=int, metavar="N", default=running.processes_here(), help="to decide with (%(default)s here)"
    )
    command.add_argument("--keep", action="store_true", help="keep the shadow, also where nothing differs")
    command.add_argument("--json", action="store_true", help="one JSON line for each difference, then one in sum")
    command.set_defaults(role="replay", run=replay)
    actions = command.add_subparsers(dest="action", metavar="promote | drop")
    promote.add_to(actions, _name)
    dropping = actions.add_parser("drop", help="remove a shadow that was kept")
    dropping.add_argument("--name", type=_name, required=True, help="of the shadow")
    dropping.set_defaults(run=drop)


def _read(reader: Callable[[str], Value]) -> Callable[[str], Value]:
    """For argparse, which shows a ValueError's message only under this name."""

    def read(text: str) -> Value:
        try:
            return reader(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,30}", text):
        raise argparse.ArgumentTypeError("small letters, digits and underscores, at most 30")
    return text


async def drop(settings: Settings, chosen: argparse.Namespace) -> int:
    """Remove a shadow; 1 where a replay works on it."""
    try:
        await opening.drop(settings, chosen.name)
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    return 0


async def replay(settings: Settings, chosen: argparse.Namespace) -> int:
    """Replay, then report: 0 where nothing differs, 3 where something does, 1 where it cannot be done."""
    if not (chosen.from_beginning or chosen.start or chosen.account):
        say = "--from-beginning, --from-timestamp T, --from-offset P:O,… or --account ACCOUNT"
        print(f"replay: say what to replay: {say}", file=sys.stderr)
        return WRONG_USAGE
    request = Request(chosen.start, chosen.until, tuple(chosen.account or ()), chosen.from_log)
    chosen.name = chosen.name or _default_name(request)
    report = report_of(as_json=chosen.json)
    try:
        async with opening.opened(settings, chosen.name, request) as begun:
            await _with_progress(begun, max(1, chosen.processes))
            report.sources(begun.plan, await event_reader.shares(begun.shadow))
            comparison = await comparing.compare(begun, report)
            report.end(begun.plan, comparison)
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    if comparison.differing or chosen.keep:
        print(f"the shadow is kept in schema {begun.schema}", file=sys.stderr)
    else:
        await opening.drop(settings, chosen.name)
    return DIFFERENCES if comparison.differing else 0


def _default_name(request: Request) -> str:
    return re.sub(r"[^a-z0-9_]", "_", "_".join(request.accounts or ("all",)).lower())[:LONGEST_DEFAULT_NAME]


async def _with_progress(begun: opening.Replay, processes: int) -> None:
    columns = (
        TextColumn("replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("replaying", total=begun.plan.records, rate="")

        def progress(done: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, rate=f"{speed:,.0f} records/s" if speed else "")

        await running.run(begun, progress, processes)
