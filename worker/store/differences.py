"""Differences between the live tables and a shadow's, row by row and byte for byte, account after account.

A page of accounts is compared in one snapshot of its own, so that tables of any size hold nothing up for long, and
differences are handed on one by one, so that none is kept.
"""

import json
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from worker.ports import AccountKey
from worker.store import comparing
from worker.store.connection import Connection, Pool

ACCOUNTS_A_PAGE: Final = 500

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


@dataclass(slots=True)
class Comparison:
    """What was compared: accounts, outbox entries, and the accounts that went on meanwhile.

    Of those only the outbox was compared: their other rows show what came later.
    """

    accounts: int = 0
    notifications: int = 0
    moved: int = 0
    differing: set[AccountKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two schemas, the accounts compared (none: all), and the partitions whose entries must bear equal numbers."""

    live: str
    shadow: str
    accounts: Collection[str]
    numbered: Collection[int]


async def compare(pool: Pool, sides: Sides, found: Callable[[Difference], None]) -> Comparison:
    """Compare two schemas; `found` hears of each difference, those of an account one after another.

    Raises Unavailable.
    """
    comparison = Comparison()
    async for page in _pages(pool, sides):
        async with pool.connection() as connection, connection.transaction(isolation="repeatable_read"):
            await _compare(connection, sides, page, comparison, found)
    return comparison


async def _pages(pool: Pool, sides: Sides) -> AsyncIterator[comparing.Page]:
    if sides.accounts:
        for livemode in (False, True):
            for account in sorted(sides.accounts):
                yield comparing.one((livemode, account))
        return
    first: AccountKey | None = (False, "")
    while first is not None:
        query = comparing.BOUNDARY.format(live=sides.live, shadow=sides.shadow)
        async with pool.connection() as connection:
            row = await connection.fetchrow(query, *first, ACCOUNTS_A_PAGE)
        following = None if row is None else (row["livemode"], row["account"])
        yield comparing.between(first, following)
        first = following


async def _compare(
    connection: Connection,
    sides: Sides,
    page: comparing.Page,
    comparison: Comparison,
    found: Callable[[Difference], None],
) -> None:
    names = {"live": sides.live, "shadow": sides.shadow}
    scope = await connection.fetch(comparing.SCOPE.format(page=page.condition, **names), *page.bounds)
    comparison.accounts += sum(bool(row["account"]) for row in scope)
    comparison.moved += sum(row["moved"] for row in scope)
    arguments = (
        [row["livemode"] for row in scope],
        [row["account"] for row in scope],
        [row["moved"] for row in scope],
    )
    comparison.notifications += await connection.fetchval(comparing.ENTRIES.format(**names), *arguments[:2])
    rows = connection.cursor(comparing.different(**names), *arguments, list(sides.numbered), prefetch=100)
    explaining: dict[AccountKey, Cause | None] = {}
    async for row in rows:
        key = (row["livemode"], row["account"])
        live, shadow = _decoded(row["live"]), _decoded(row["shadow"])
        cause = _releasing(row["table"], live, shadow)
        if key not in explaining:
            explaining[key] = await _explained(connection, sides, key, cause)
        comparison.differing.add(key)
        found(Difference(row["table"], *key, row["key"], live, shadow, cause or explaining[key]))


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


async def _explained(connection: Connection, sides: Sides, key: AccountKey, first: Cause | None) -> Cause | None:
    """The record where the account's notifications part, else the account's last in the shadow."""
    query = comparing.EXPLAINING.format(shadow=sides.shadow)
    row = await connection.fetchrow(query, *key, first and first.id)
    return first if row is None else Cause(row["event_id"], row["type"], row["partition"], row["record_offset"])
