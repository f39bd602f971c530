"""Everything that a system wrote, so that two systems that took the same records can be compared to the last byte."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.journeys.system import System

TABLES = ("account", "offer", "refill_link", "held", "summary", "lookup", "transaction", "event", "parked", "outbox")
ORDER = {"outbox": "t.partition, t.number", "parked": "t.record_offset"}
Key = tuple[bool, str]
Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A notification as downstream gets it, without its place on the topic."""

    headers: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def sequence(self) -> int:
        return int(self.headers["ce_sequence"])


@dataclass
class Account:
    """All rows of one account and mode, by table, and all that was told of it, in order."""

    rows: dict[str, list[Row]]
    told: list[Told]


async def everything(system: System) -> dict[Key, Account]:
    """Every account of a system, in both modes.

    Outbox numbers are left out, because they count across accounts, and so is the offset of the record that released
    an entry, which is a redrive's where one was needed.
    """
    accounts: dict[Key, Account] = {}

    def account(livemode: bool, name: str) -> Account:  # noqa: FBT001 - as the tables have it
        return accounts.setdefault((livemode, name), Account({table: [] for table in TABLES}, []))

    for table in TABLES:
        for (text,) in await system.rows(
            f"SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY {ORDER.get(table, '1')}"
        ):
            row = json.loads(str(text))
            if table == "outbox":
                del row["number"], row["record_offset"]
            account(row["livemode"], row["account"]).rows[table].append(row)
    for notification in await system.notifications():
        told = Told(notification.headers, notification.data)
        account(notification.headers["ce_livemode"] == "true", notification.account).told.append(told)
    return accounts
