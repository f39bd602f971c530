"""The command that answers "what happened to this account?", from Postgres alone."""

import argparse
import sys

from worker.cli.subcommands import Subcommands
from worker.settings import Settings
from worker.showing.assembling import document_of
from worker.showing.console import console
from worker.showing.document import Document
from worker.showing.report import report
from worker.store import migrations, timeline
from worker.store.connection import Pool, connect

EVERY_MODE = (True, False)


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
    text = "show what happened to an account: what came, what was told, what is held"
    command = commands.add_parser("show", help=text, description=f"{text}; exit status 1 where nothing is known of it")
    command.add_argument("account", metavar="ACCOUNT", help="the connected account's id, acct_…")
    command.add_argument("--json", action="store_true", help="one JSON document with everything")
    mode = command.add_mutually_exclusive_group()
    for name, livemode in (("live", True), ("test", False)):
        mode.add_argument(f"--{name}", dest="livemodes", action="store_const", const=(livemode,), help=f"{name} only")
    command.set_defaults(role="show", run=show, livemodes=EVERY_MODE)


async def show(settings: Settings, chosen: argparse.Namespace) -> int:
    """Print the account, each mode apart; 1 where nothing is known of it."""
    pool = await connect(settings, connections=1)
    try:
        await migrations.verify(pool)
        document = await document_from(pool, chosen.account, chosen.livemodes)
    finally:
        await pool.close()
    if not document.modes:
        print(_nothing(chosen), file=sys.stderr)
        return 1
    if chosen.json:
        print(document.model_dump_json(indent=2))
    else:
        console().print(report(document))
    return 0


async def document_from(pool: Pool, account: str, livemodes: tuple[bool, ...] = EVERY_MODE) -> Document:
    """Everything known of an account in these modes. Raises Unavailable."""
    return document_of(account, await timeline.rows_of(pool, account, livemodes))


def _nothing(chosen: argparse.Namespace) -> str:
    where = "" if chosen.livemodes == EVERY_MODE else f" in {'live' if chosen.livemodes[0] else 'test'} mode"
    return f"show: nothing has come for the account {chosen.account!r}{where}"
