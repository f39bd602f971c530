"""Backfills: how far each has come, so that one that was killed goes on there; a finished one leaves nothing."""

from dataclasses import dataclass
from typing import Final, Literal

from worker.store.connection import Pool

List = Literal["events", "offers"]

# What was asked for decides, where it was said this time; else what was said when it was begun.
BEGIN: Final = """
INSERT INTO backfill (livemode, list, since, quiet, until, reached)
VALUES ($1, $2, to_timestamp($3::bigint), $4, to_timestamp(coalesce($6::bigint, $7::bigint)), to_timestamp($5::bigint))
ON CONFLICT (livemode, list, since, quiet)
DO UPDATE SET until = coalesce(to_timestamp($6::bigint), backfill.until)
RETURNING extract(epoch FROM until)::bigint AS until, extract(epoch FROM reached)::bigint AS reached, listed, appended
"""

REACH: Final = """
UPDATE backfill SET reached = to_timestamp($5::bigint), listed = listed + $6, appended = appended + $7
WHERE livemode = $1 AND list = $2 AND since = to_timestamp($3::bigint) AND quiet = $4
"""

FINISH: Final = "DELETE FROM backfill WHERE livemode = $1 AND since = to_timestamp($2::bigint) AND quiet = $3"


@dataclass(frozen=True, slots=True)
class Name:
    """What tells one backfill's walk through a list from others; `since` is in seconds."""

    livemode: bool
    list: List
    since: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a walk ends and how far it has come, both in seconds, and what it has listed and appended so far."""

    until: int
    reached: int
    listed: int
    appended: int


async def begin(pool: Pool, name: Name, start: int, until: int | None, now: int) -> Standing:
    """A walk from `start` until a time, or now; one that was begun goes on. Raises Unavailable."""
    async with pool.connection() as connection:
        row = await connection.fetchrow(BEGIN, name.livemode, name.list, name.since, name.quiet, start, until, now)
    assert row is not None, "an upsert returns its row"  # noqa: S101 - for the type checker
    return Standing(**dict(row))


async def reach(pool: Pool, name: Name, reached: int, listed: int, appended: int) -> None:
    """Keep that all before `reached` is on the topic. Raises Unavailable."""
    async with pool.connection() as connection:
        await connection.execute(REACH, name.livemode, name.list, name.since, name.quiet, reached, listed, appended)


async def finish(pool: Pool, *, livemode: bool, since: int, quiet: bool) -> None:
    """Forget a backfill that came to its end. Raises Unavailable."""
    async with pool.connection() as connection:
        await connection.execute(FINISH, livemode, since, quiet)
