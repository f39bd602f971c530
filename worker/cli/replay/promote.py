"""The command that has the lanes plant what a replay found right, and by choice tell what was never told."""

import argparse
import json
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from worker.cli.subcommands import Subcommands
from worker.ports import AccountKey
from worker.replay.finding import finding
from worker.replay.plan import Refused
from worker.replaying import comparing, opening
from worker.replaying.promoting import Promoted, Wish, promote_all, promoting
from worker.settings import Settings
from worker.store.differences import Difference, Promotion

FAILED = 1
IDS_SHOWN = 10


def add_to(actions: Subcommands, name: Callable[[str], str]) -> None:
    """Add it to the parser of `replay`."""
    text = "have the lanes put what a replay found right in the place of what they have"
    command = actions.add_parser("promote", help=text, description=text)
    command.add_argument("--name", type=name, required=True, help="of a replay that was finished and kept")
    chosen = command.add_mutually_exclusive_group()
    chosen.add_argument("--accept", type=int, metavar="N", help="all accounts that differ, if they are so many")
    chosen.add_argument("--account", metavar="ACCOUNT", action="append", help="this account only; repeatable")
    command.add_argument("--emit", choices=["missing"], help="tell what should have been told and never was")
    command.add_argument("--reason", default="", help="why; it is kept with the commands")
    command.add_argument("--dry-run", action="store_true", help="only say what would happen")
    command.add_argument("--keep", action="store_true", help="keep the shadow, also when all of it was promoted")
    command.add_argument("--json", action="store_true", help="one JSON line for each account")
    command.set_defaults(role="replay", run=promote)


@dataclass(slots=True)
class _Found:
    """What a comparison found, as far as promoting needs it, by account.

    That is what was told with another content, and which promoted accounts are still owed something.
    """

    differently: dict[AccountKey, list[str]] = field(default_factory=dict)
    owed: set[AccountKey] = field(default_factory=set)

    def difference(self, one: Difference) -> None:
        """Remember notifications that were told differently."""
        if one.table == "outbox" and finding(one.live, one.shadow).kind == "different":
            self.differently.setdefault((one.livemode, one.account), []).append(one.key)

    def promoted(self, one: Promotion) -> None:
        """Remember who is still owed something."""
        if one.untold:
            self.owed.add((one.livemode, one.account))


async def promote(settings: Settings, chosen: argparse.Namespace) -> int:
    """Promote by a finished replay: 0 where every account chosen was promoted, 1 where one was not."""
    try:
        async with opening.finished(settings, chosen.name) as replay:
            found = _Found()
            comparison = await comparing.compare(replay, found)
            keys = _chosen(chosen, found, comparison.differing)
            done = await _promote(replay, keys, chosen, found)
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return FAILED
    if any(one.refused for one in done):
        return FAILED
    if not (chosen.keep or chosen.dry_run) and len(done) == len(comparison.differing):
        await opening.drop(settings, chosen.name)
    return 0


def _chosen(chosen: argparse.Namespace, found: _Found, differing: Collection[AccountKey]) -> Sequence[AccountKey]:
    """The accounts to promote. Raises Refused where the differences were not accepted."""
    if chosen.account:
        # One that was promoted before may still be owed what was not sent then.
        named = sorted(key for key in {*differing, *found.owed} if key[1] in chosen.account)
        missing = sorted(set(chosen.account) - {key[1] for key in named})
        if missing:
            raise Refused(f"nothing differs of {missing[0]}, and it is owed nothing: there is nothing to promote")
        return named
    nobody = [key for key in differing if not key[1]]
    if nobody:
        raise Refused("something differs that is no account's, which no lane can rebuild: name the accounts to promote")
    if not differing:
        raise Refused("nothing differs: there is nothing to promote")
    if chosen.accept is None and not chosen.dry_run:
        raise Refused(
            f"{len(differing):,} accounts differ: when you know why, say --accept {len(differing)}, or name accounts"
        )
    if chosen.accept not in {None, len(differing)}:
        raise Refused(f"{len(differing):,} accounts differ, not {chosen.accept:,}: look at the report again")
    return sorted(differing)


async def _promote(
    replay: opening.Replay, keys: Sequence[AccountKey], chosen: argparse.Namespace, found: _Found
) -> Sequence[Promoted]:
    wish = Wish(emit=chosen.emit == "missing", reason=chosen.reason, rehearse=chosen.dry_run)
    done: list[Promoted] = []

    def note(one: Promoted) -> None:
        done.append(one)
        differently = found.differently.get(one.key, [])
        print(_json(one, wish, differently) if chosen.json else _line(one, wish, differently))

    async with promoting(replay, wish) as promoter:
        await promote_all(promoter, keys, note)
    if not chosen.json:
        promoted = sum(one.refused is None for one in done)
        print(f"{promoted:,} of {len(done):,} accounts {'can be ' if wish.rehearse else ''}promoted")
    return done


def _json(one: Promoted, wish: Wish, differently: Sequence[str]) -> str:
    proposal = one.proposal
    owed = [] if proposal is None else list(proposal.owed)
    told = wish.emit and one.command is not None
    return json.dumps(
        {
            "account": one.key[1],
            "livemode": one.key[0],
            "command": one.command,
            "refused": one.refused,
            "sent": owed if told else [],
            "not_sent": [] if told else owed,
            "told_differently": list(differently),
            "told_too_early": [] if proposal is None else list(proposal.foretold),
        }
    )


def _line(one: Promoted, wish: Wish, differently: Sequence[str]) -> str:
    name = f"{one.key[1]} ({'live' if one.key[0] else 'test'})"
    if one.refused is not None:
        return f"{name}: not promoted: {one.refused}"
    assert one.proposal is not None  # noqa: S101 - for the type checker
    done = "would be rebuilt" if one.command is None else f"rebuilt by {one.command}"
    sent = ("sent" if one.command else "would be sent") if wish.emit else "not sent"
    parts = [
        done,
        *_listed(sent, one.proposal.owed),
        *_listed("told differently, which cannot be taken back", differently),
        *_listed("told, but not by today's rules", one.proposal.foretold),
    ]
    return f"{name}: {'; '.join(parts)}"


def _listed(what: str, identities: Sequence[str]) -> Sequence[str]:
    if not identities:
        return []
    shown = ", ".join(identities[:IDS_SHOWN])
    more = f" and {len(identities) - IDS_SHOWN:,} more" if len(identities) > IDS_SHOWN else ""
    return [f"{what}: {shown}{more}"]
