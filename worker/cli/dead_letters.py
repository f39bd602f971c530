"""The commands about quarantined accounts: list and show them, redrive what waits, discard what blocks."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from typing import Final

from worker import operating
from worker.cli.subcommands import Subcommands
from worker.consumer.rehearsal import Rehearsal
from worker.ports import AccountKey, ParkedRecord
from worker.settings import Settings
from worker.store import quarantines
from worker.store.connection import Pool

APPLY_SECONDS: Final = 30
LOOK_SECONDS: Final = 0.2


def add_to(commands: Subcommands) -> None:
    """Add them to the parser."""
    text = "accounts whose records wait behind one that cannot be applied"
    parser = commands.add_parser("dead-letters", help=text, description=text)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every quarantined account")
    listing.set_defaults(role="parked", run=list_all)
    showing = actions.add_parser("show", help="what is parked of one account, in order")
    showing.set_defaults(role="parked", run=show)
    redriving = actions.add_parser("redrive", help="apply what is parked, in order")
    redriving.set_defaults(role="redrive", run=redrive, offset=None, reason="")
    discarding = actions.add_parser("discard", help="drop the record that blocks, then apply the rest")
    discarding.add_argument("--offset", type=int, required=True, help="of the record that blocks, as `show` says")
    discarding.add_argument("--reason", required=True, help="why; it is kept with the command")
    discarding.set_defaults(role="redrive", run=redrive)
    for action in (listing, showing):
        action.add_argument("--json", action="store_true", help="for machines")
    for action in (showing, redriving, discarding):
        action.add_argument("account", metavar="ACCOUNT")
        action.add_argument("--test", action="store_true", help="the account in test mode")
    for action in (redriving, discarding):
        action.add_argument("--dry-run", action="store_true", help="only say what would happen")


async def list_all(settings: Settings, chosen: argparse.Namespace) -> int:
    """Every quarantined account, the one that waits longest first."""
    async with operating.database(settings) as pool:
        waiting = await quarantines.quarantines(pool)
    if chosen.json:
        print(json.dumps([asdict(one) for one in waiting], indent=2))
        return 0
    for one in waiting:
        mode = "live" if one.livemode else "test"
        print(f"{one.account} ({mode}): {one.parked} parked since {one.since} behind {one.event_id}: {one.reason}")
    if not waiting:
        print("nothing is quarantined")
    return 0


async def show(settings: Settings, chosen: argparse.Namespace) -> int:
    """What is parked of one account, in order; 1 where nothing is."""
    async with operating.database(settings) as pool:
        parked = await operating.parked(pool, _key(chosen))
    if not parked:
        return _nothing(chosen)
    shown = [_described(record) for record in parked]
    if chosen.json:
        print(json.dumps(shown, indent=2))
        return 0
    for record in shown:
        print(f"offset {record['offset']}  {record['event_id']}  {record['reason'] or 'waits'}")
    return 0


def _described(parked: ParkedRecord) -> dict[str, object]:
    value = parked.record.value
    return {
        "offset": parked.record.offset,
        "partition": parked.record.partition,
        "event_id": parked.id,
        "reason": parked.reason,
        "value": None if value is None else value.decode("utf-8", "replace"),
    }


async def redrive(settings: Settings, chosen: argparse.Namespace) -> int:
    """Have the account's lane apply what is parked; refused where it would fail again."""
    key = _key(chosen)
    async with operating.database(settings) as pool:
        parked = await operating.parked(pool, key)
        if not parked:
            return _nothing(chosen)
        if chosen.offset is not None and parked[0].record.offset != chosen.offset:
            print(f"offset {chosen.offset} does not block: {parked[0].record.offset} does", file=sys.stderr)
            return 1
        rehearsal = await operating.rehearsed(settings, pool, key, parked, chosen.offset)
        if rehearsal.applied == 0 and rehearsal.blocked_at is not None:
            print(f"refused: offset {rehearsal.blocked_at} would fail again: {rehearsal.reason}", file=sys.stderr)
            return 1
        print(_foretold(rehearsal))
        if chosen.dry_run:
            return 0
        command = await operating.command(settings, key, chosen.offset, chosen.reason)
        return await _applied(pool, key, command)


def _foretold(rehearsal: Rehearsal) -> str:
    text = f"{rehearsal.applied} records can be applied, telling {len(rehearsal.told)} notifications"
    if rehearsal.blocked_at is None:
        return text
    return f"{text}; offset {rehearsal.blocked_at} will then block: {rehearsal.reason}"


async def _applied(pool: Pool, key: AccountKey, command: str) -> int:
    """Wait until the lane has taken the command; its word is what is parked afterwards."""
    try:
        async with asyncio.timeout(APPLY_SECONDS):
            while not await quarantines.taken(pool, key, command):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        print(f"the command is on the topic, but no lane took it in {APPLY_SECONDS} s", file=sys.stderr)
        return 1
    if left := await operating.parked(pool, key):
        print(f"applied as far as offset {left[0].record.offset}, which blocks now: {left[0].reason}")
        return 1
    print("applied: the account flows again")
    return 0


def _key(chosen: argparse.Namespace) -> AccountKey:
    return (not chosen.test, chosen.account)


def _nothing(chosen: argparse.Namespace) -> int:
    mode = "test" if chosen.test else "live"
    print(f"nothing is parked of {chosen.account} in {mode} mode", file=sys.stderr)
    return 1
