"""The command that goes through the events topic again, beside the live system, and reports what differs."""

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import asdict
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from worker import replaying
from worker.cli.subcommands import Subcommands
from worker.replay.plan import Refused
from worker.settings import Settings
from worker.store import shadows
from worker.store.connection import connect
from worker.store.differences import Comparison

WRONG_USAGE: Final = 2
DIFFERENCES: Final = 3


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
    text = "go through the events topic again into a shadow schema, and report what differs (exit status 3)"
    command = commands.add_parser("replay", help=text, description=text)
    command.add_argument("--from-beginning", action="store_true", help="every record the live lanes have taken")
    command.add_argument("--account", metavar="ACCOUNT", help="decide this account's records only")
    command.add_argument("--name", type=_name, help="of the shadow; by default that of the account, or `all`")
    command.add_argument("--keep", action="store_true", help="keep the shadow, also where nothing differs")
    command.add_argument("--json", action="store_true", help="the report as one JSON document")
    command.set_defaults(role="replay", run=replay)


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,30}", text):
        raise argparse.ArgumentTypeError("small letters, digits and underscores, at most 30")
    return text


async def replay(settings: Settings, chosen: argparse.Namespace) -> int:
    """Replay, then report: 0 where nothing differs, 3 where something does, 1 where it cannot be done."""
    if not (chosen.from_beginning or chosen.account):
        print("replay: say what to replay: --from-beginning or --account ACCOUNT", file=sys.stderr)
        return WRONG_USAGE
    chosen.name = chosen.name or re.sub(r"[^a-z0-9_]", "_", (chosen.account or "all").lower())[:30]
    try:
        async with replaying.opened(settings, chosen.name, chosen.account) as begun:
            await _with_progress(begun)
            comparison = await replaying.report(begun)
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    _print(comparison, chosen)
    if comparison.differences or chosen.keep:
        print(f"the shadow is kept in schema {replaying.schema_of(settings, chosen.name)}", file=sys.stderr)
    else:
        await _drop(settings, chosen.name)
    return DIFFERENCES if comparison.differences else 0


async def _with_progress(begun: replaying.Replay) -> None:
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

        await replaying.run(begun, progress)


def _print(comparison: Comparison, chosen: argparse.Namespace) -> None:
    if chosen.json:
        print(json.dumps(asdict(comparison), indent=2))
        return
    for one in comparison.differences:
        side = "differs" if one.live and one.shadow else "only live" if one.live else "only in the replay"
        print(f"{one.account} ({'live' if one.livemode else 'test'}) {one.table} {one.key}: {side}")
    counts = Counter(one.table for one in comparison.differences)
    found = ", ".join(f"{table} {count}" for table, count in counts.items()) or "no differences"
    left_out = f"; {comparison.moved} accounts went on meanwhile and were left out" if comparison.moved else ""
    print(f"{comparison.accounts} accounts, {comparison.notifications} outbox entries: {found}{left_out}")


async def _drop(settings: Settings, name: str) -> None:
    pool = await connect(settings, connections=1)
    try:
        await shadows.drop(pool, replaying.schema_of(settings, name))
    finally:
        await pool.close()
