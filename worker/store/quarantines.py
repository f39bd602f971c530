"""Quarantines as an operator sees them: which accounts wait, behind what, and what could not be attributed at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.ports import AccountKey
from worker.store.connection import Pool

WAITING = """
SELECT livemode, account, min(record_offset) AS record_offset, min(partition) AS partition, count(*) AS parked,
       (array_agg(reason ORDER BY record_offset))[1] AS reason,
       (array_agg(event_id ORDER BY record_offset))[1] AS event_id, min(recorded_at) AS since
FROM parked GROUP BY livemode, account ORDER BY since
"""

TAKEN = "SELECT EXISTS (SELECT FROM event WHERE livemode = $1 AND account = $2 AND event_id = $3)"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """One account that waits: behind which record, why, since when (RFC 3339), and how many records in all."""

    livemode: bool
    account: str
    partition: int
    record_offset: int
    event_id: str
    reason: str
    since: str
    parked: int


async def quarantines(pool: Pool) -> Sequence[Quarantine]:
    """Every quarantined account, the one that waits longest first. Raises Unavailable."""
    async with pool.connection() as connection:
        rows = await connection.fetch(WAITING)
    return [
        Quarantine(
            livemode=row["livemode"],
            account=row["account"],
            partition=row["partition"],
            record_offset=row["record_offset"],
            event_id=row["event_id"],
            reason=row["reason"] or "",
            since=row["since"].isoformat(),
            parked=row["parked"],
        )
        for row in rows
    ]


async def taken(pool: Pool, key: AccountKey, command: str) -> bool:
    """Whether the event log has the command with this id. Raises Unavailable."""
    async with pool.connection() as connection:
        return bool(await connection.fetchval(TAKEN, *key, command))
