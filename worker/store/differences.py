"""Differences between the live tables and a shadow's, row by row and byte for byte, account after account.

A page of accounts is compared in one snapshot of its own, so that tables of any size hold nothing up for long, and
differences are handed on one by one, so that none is kept.
"""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from worker.ports import AccountKey
from worker.store import comparing
from worker.store.connection import Connection, Pool

ACCOUNTS_A_PAGE: Final = 500

# Whose the entries are that are no account's.
NOBODY: Final = (False, "")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """The record that explains a difference; its type where the event log knows it."""

    id: str
    type: str | None
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same, None on the side that lacks it.

    Explained by the record that released it, where it is an outbox entry; else by the record where the account's
    notifications part; else, where they do not, by the account's last record.
    """

    table: str
    livemode: bool
    account: str
    key: str
    live: Row | None
    shadow: Row | None
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Promotion:
    """A command that rebuilt an account: what was told before it differs from the replay as was known then.

    `untold` are notifications that should have been told and were not sent with it.
    """

    livemode: bool
    account: str
    command: Cause
    untold: Sequence[str]


class Findings(Protocol):
    """Who hears what a comparison finds."""

    def difference(self, one: Difference) -> None:
        """A row that differs; those of one account come one after another."""
        ...

    def promoted(self, one: Promotion) -> None:
        """What was told of an account before a promotion was left out: it is what the promotion went on from."""
        ...


@dataclass(slots=True)
class Comparison:
    """What was compared: accounts, outbox entries, and the accounts that went on meanwhile.

    Of those only the outbox was compared: their other rows show what came later.
    """

    accounts: int = 0
    notifications: int = 0
    moved: int = 0
    promoted: int = 0
    differing: set[AccountKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two schemas, and the accounts compared (none: all)."""

    live: str
    shadow: str
    accounts: Collection[str]

    @property
    def names(self) -> Mapping[str, str]:
        """As the statements name them."""
        return {"live": self.live, "shadow": self.shadow}


async def compare(pool: Pool, sides: Sides, findings: Findings) -> Comparison:
    """Compare two schemas. Raises Unavailable."""
    comparison = Comparison()
    async for page in _pages(pool, sides):
        async with pool.connection() as connection, connection.transaction(isolation="repeatable_read"):
            await _Page(connection, sides, comparison, findings).compare(page)
    if not sides.accounts:
        await _number(pool, sides, comparison, findings)
    return comparison


async def _number(pool: Pool, sides: Sides, comparison: Comparison, findings: Findings) -> None:
    """Whether the live outbox is numbered densely, in the order of the records."""
    async with pool.connection() as connection:
        for row in await connection.fetch(comparing.MISNUMBERED.format(**sides.names)):
            comparison.differing.add(NOBODY)
            found = {"number": row["number"], "record_offset": row["record_offset"]}
            due = {"number": row["expected"], "record_offset": row["earlier"]}
            where = f"partition {row['partition']}"
            findings.difference(Difference("outbox numbers", *NOBODY, where, found, due, None))


async def _pages(pool: Pool, sides: Sides) -> AsyncIterator[comparing.Page]:
    if sides.accounts:
        for livemode in (False, True):
            for account in sorted(sides.accounts):
                yield comparing.one((livemode, account))
        return
    first: AccountKey | None = (False, "")
    while first is not None:
        async with pool.connection() as connection:
            row = await connection.fetchrow(comparing.BOUNDARY.format(**sides.names), *first, ACCOUNTS_A_PAGE)
        following = None if row is None else (row["livemode"], row["account"])
        yield comparing.between(first, following)
        first = following


@dataclass(slots=True)
class _Page:
    """The accounts compared in one snapshot."""

    connection: Connection
    sides: Sides
    comparison: Comparison
    findings: Findings

    async def compare(self, page: comparing.Page) -> None:
        scope_query = comparing.SCOPE.format(page=page.condition, **self.sides.names)
        scope = await self.connection.fetch(scope_query, *page.bounds)
        keys = [(row["livemode"], row["account"]) for row in scope]
        names = [key[0] for key in keys], [key[1] for key in keys]
        promoted = await self._promoted(*names)
        self.comparison.accounts += sum(bool(account) for _, account in keys)
        self.comparison.moved += sum(row["moved"] for row in scope)
        counting = comparing.ENTRIES.format(**self.sides.names)
        self.comparison.notifications += await self.connection.fetchval(counting, *names)
        since = [promoted.get(key, (-1, -1)) for key in keys]
        places = [partition for partition, _ in since], [offset for _, offset in since]
        await self._differences(*names, [row["moved"] for row in scope], *places)

    async def _promoted(self, livemodes: list[bool], accounts: list[str]) -> Mapping[AccountKey, tuple[int, int]]:
        """Where accounts were promoted, if what was told by then is what the promotion went on from."""
        found: dict[AccountKey, tuple[int, int]] = {}
        rows = await self.connection.fetch(comparing.PROMOTED.format(**self.sides.names), livemodes, accounts)
        for row in rows:
            key, place = (row["livemode"], row["account"]), (row["partition"], row["record_offset"])
            before = comparing.TOLD_BEFORE.format(**self.sides.names)
            if await self.connection.fetchval(before, *key, *place) == row["told"]:
                found[key] = place
                self.comparison.promoted += 1
                untold = await self.connection.fetch(comparing.UNTOLD.format(**self.sides.names), *key)
                command = Cause(row["event_id"], row["type"], *place)
                self.findings.promoted(Promotion(*key, command, [one["id"] for one in untold]))
        return found

    async def _differences(self, *arguments: object) -> None:
        explaining: dict[AccountKey, Cause | None] = {}
        query = comparing.different(**self.sides.names)
        async for row in self.connection.cursor(query, *arguments, prefetch=100):
            key = (row["livemode"], row["account"])
            live, shadow = _decoded(row["live"]), _decoded(row["shadow"])
            cause = _releasing(row["table"], live, shadow)
            if key not in explaining:
                explaining[key] = await self._explained(key, cause)
            self.comparison.differing.add(key)
            cause = cause or explaining[key]
            self.findings.difference(Difference(row["table"], *key, row["key"], live, shadow, cause))

    async def _explained(self, key: AccountKey, first: Cause | None) -> Cause | None:
        """The record where the account's notifications part, else the account's last in the shadow."""
        query = comparing.EXPLAINING.format(**self.sides.names)
        row = await self.connection.fetchrow(query, *key, first and first.id)
        return first if row is None else Cause(row["event_id"], row["type"], row["partition"], row["record_offset"])


def _decoded(document: str | None) -> Row | None:
    """A row as JSON has it; text is shown where bytes are text."""
    if document is None:
        return None
    row: Row = json.loads(document)
    for name in ("value", "body", "key"):
        shown = row.get(name)
        if isinstance(shown, str) and shown.startswith("\\x"):
            row[name] = bytes.fromhex(shown[2:]).decode("utf-8", "replace")
    return row


def _releasing(table: str, live: Row | None, shadow: Row | None) -> Cause | None:
    """The record that an outbox entry names itself, by today's rules where they tell it."""
    entry = shadow or live
    if table != "outbox" or entry is None:
        return None
    return Cause(entry["causation_id"], None, entry["partition"], entry["record_offset"])
