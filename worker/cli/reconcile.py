"""The command that compares every offer with Stripe, reports what drifted, and with --repair has it repaired."""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from worker import reconciling
from worker.catching_up import Found, opened
from worker.cli import modes
from worker.cli.subcommands import Subcommands
from worker.reconciling import Report
from worker.settings import Settings

FAILED: Final = 1
DIFFERENCES: Final = 3
LIMIT_SECONDS: Final = 1_800


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
    text = "compare every offer with Stripe and report what drifted (exit status 3)"
    command = commands.add_parser("reconcile", help=text, description=text)
    command.add_argument("--account", metavar="ACCOUNT", help="compare this account's offers only")
    command.add_argument("--repair", action="store_true", help="put what Stripe shows of them on the events topic")
    command.add_argument("--json", action="store_true", help="the report as one JSON document")
    limit = "give up after so long (%(default)s); what was repaired by then stays repaired"
    command.add_argument("--limit", type=float, default=LIMIT_SECONDS, metavar="SECONDS", help=limit)
    modes.add_to(command)
    command.set_defaults(role="reconcile", run=reconcile)


async def reconcile(settings: Settings, chosen: argparse.Namespace) -> int:
    """Compare, mode after mode: 0 where nothing drifted, 3 where something did, 1 where that cannot be said."""
    try:
        async with asyncio.timeout(chosen.limit), opened(settings, "reconcile") as catch_up:
            livemodes = modes.livemodes(settings, chosen)
            if chosen.account is not None:
                livemodes = await reconciling.known_in(catch_up, chosen.account, livemodes)
            reports = [
                await reconciling.reconcile(catch_up, chosen.account, livemode=livemode, repair=chosen.repair)
                for livemode in livemodes
            ]
    except TimeoutError:
        print(f"reconcile: not finished within {chosen.limit:g} s", file=sys.stderr)
        return FAILED
    _print(reports, chosen)
    return DIFFERENCES if any(report.drifted for report in reports) else 0


def _print(reports: Sequence[Report], chosen: argparse.Namespace) -> None:
    if chosen.json:
        print(json.dumps([_document(report) for report in reports], indent=2))
        return
    for report in reports:
        for one in report.drifted:
            print(_line(one, report))
        print(_summary(report, repair=chosen.repair))


def _line(one: Found, report: Report) -> str:
    drift = one.drift
    said = ["unknown here" if "unknown_offer" in drift.kinds else f"here {drift.here or 'not released'}"]
    said.append(f"at Stripe {drift.stripe or 'without a status'}")
    if drift.missed:
        said.append(f"missed {', '.join(drift.missed)}")
    said += [f"other {field}" for field in drift.fields]
    said += [kind.replace("_", " ") for kind in drift.kinds if kind in {"charged_off", "ahead", "unreadable"}]
    return f"{one.account} {one.offer} ({modes.name_of(livemode=report.livemode)}): {'; '.join(said)}"


def _summary(report: Report, *, repair: bool) -> str:
    kinds = Counter(kind for one in report.drifted for kind in one.drift.kinds)
    named = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    parts = [f"{report.compared:,} offers compared", f"{len(report.drifted):,} drifted{f' ({named})' if named else ''}"]
    if repair:
        parts.append(f"{len(report.repaired):,} repaired")
    if report.waiting:
        parts.append(f"{len(report.waiting):,} of them wait on the topic")
    if report.young:
        parts.append(f"{report.young:,} left out that changed just now")
    if report.not_shown:
        parts.append(f"{len(report.not_shown):,} open here that Stripe does not list")
    return f"{modes.name_of(livemode=report.livemode)}: {', '.join(parts)}"


def _document(report: Report) -> dict[str, Any]:
    repaired = {one.offer for one in report.repaired}
    return {
        "livemode": report.livemode,
        "compared": report.compared,
        "young": report.young,
        "not_shown": [{"account": account, "offer": offer} for account, offer in report.not_shown],
        "drifted": [
            {
                "account": one.account,
                "offer": one.offer,
                "kinds": one.drift.kinds,
                "missed": one.drift.missed,
                "fields": one.drift.fields,
                "here": one.drift.here,
                "stripe": one.drift.stripe,
                "repairable": one.drift.repairable,
                "repaired": one.offer in repaired,
                "waiting": one.offer in report.waiting,
            }
            for one in report.drifted
        ],
    }
