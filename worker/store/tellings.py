"""Tellings: what downstream was told of one account, as the live outbox has it, and what became of a command."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from worker.headers import decode_headers
from worker.ports import AccountKey
from worker.store.connection import Pool

# Told apart by number, id and content; when and why it was told are no part of what was told.
DIGEST: Final = """
encode(sha256(convert_to(coalesce(string_agg(
    sequence || ' ' || id || ' ' || encode(sha256(value), 'hex'), E'\\n' ORDER BY sequence), ''), 'UTF8')), 'hex')
"""

TOLD: Final = """
SELECT sequence, id, type, value FROM outbox
WHERE livemode = $1 AND account = $2 AND destination = 'notifications' ORDER BY sequence
"""

TOLD_DIGEST: Final = f"""
SELECT {DIGEST} FROM outbox WHERE livemode = $1 AND account = $2 AND destination = 'notifications'
"""  # noqa: S608 - joined from constants

OUTCOME: Final = """
SELECT EXISTS (SELECT FROM event WHERE livemode = $1 AND account = $2 AND event_id = $3) AS taken,
       (SELECT headers::text FROM outbox
        WHERE livemode = $1 AND account = $2 AND destination = 'dead_letters' AND id = $3) AS headers
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """One notification: its number, `ce_id`, `ce_type` and data."""

    sequence: int
    id: str
    type: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Tellings:
    """Everything told of one account, in order, and the digest of it."""

    all: Sequence[Telling]
    digest: str


async def tellings(pool: Pool, key: AccountKey) -> Tellings:
    """What was told of an account by now. Raises Unavailable."""
    async with pool.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(TOLD, *key)
        digest = await connection.fetchval(TOLD_DIGEST, *key)
    return Tellings([Telling(**dict(row)) for row in rows], digest)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command that a lane took: the reason why it was dropped, None where it was applied."""

    dropped: str | None


async def outcome(pool: Pool, key: AccountKey, command: str) -> Outcome | None:
    """What became of a command, None while no lane has taken it. Raises Unavailable."""
    async with pool.connection() as connection:
        row = await connection.fetchrow(OUTCOME, *key, command)
    if row is None or not row["taken"]:
        return None
    if row["headers"] is None:
        return Outcome(None)
    return Outcome(dict(decode_headers(row["headers"]))["capital_reason"].decode())
