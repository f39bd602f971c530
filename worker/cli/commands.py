"""The commands: their arguments, and which exit status each outcome has."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import uvloop

from worker import logs, settings
from worker.catching_up import Refused
from worker.cli import backfill, dead_letters, dev, reconcile, replay, roles, setup, show, simulate
from worker.http import CannotListen
from worker.lookup.capital_api import NotAnswered
from worker.ports import HandoffFailed, Unavailable
from worker.starting import StoppedEarly
from worker.store.migrations import SchemaMismatch

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2

Command = Callable[[settings.Settings, argparse.Namespace], Awaitable[int]]


def run(arguments: Sequence[str]) -> int:
    """Run one command: 0 done, 1 failed, 2 wrong usage or settings, 3 differences found."""
    try:
        chosen = _parser().parse_args(arguments)
    except SystemExit as usage:
        return int(usage.code or DONE)
    if chosen.role is None:
        return dev.run(chosen)
    try:
        found = settings.load(chosen.role)
    except settings.SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    logs.configure(found)
    return _guarded(chosen.run, found, chosen)


def _guarded(command: Command, found: settings.Settings, chosen: argparse.Namespace) -> int:
    """Run to the end; expected trouble is one line, never a stack trace."""
    status = FAILED
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status = runner.run(_status(command, found, chosen))
    except* StoppedEarly:
        status = DONE
    except* (Unavailable, SchemaMismatch, CannotListen, HandoffFailed, NotAnswered, Refused) as group:
        for line in dict.fromkeys(f"{chosen.command}: {error}" for error in _leaves(group)):
            print(line, file=sys.stderr)
    return status


async def _status(command: Command, found: settings.Settings, chosen: argparse.Namespace) -> int:
    return await command(found, chosen)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="capital-worker",
        description="Stripe Capital webhooks in; ordered, exactly-once, country-aware notifications out.",
        epilog="Settings come from the environment: see the README.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    roles.add_to(commands)
    dead_letters.add_to(commands)
    setup.add_to(commands)
    show.add_to(commands)
    replay.add_to(commands)
    backfill.add_to(commands)
    reconcile.add_to(commands)
    simulate.add_to(commands)
    dev.add_to(commands)
    return parser
