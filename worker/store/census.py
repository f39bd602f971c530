"""The census: counts what waits in the tables now and then, for the metrics; it never reads a table that only grows.

Every process that takes it sees the same database, so readers of the metrics take the maximum and never the sum.
"""

import asyncio
from typing import Final, NoReturn

import structlog

from worker import metrics
from worker.clock import Clock
from worker.ports import Unavailable
from worker.store.connection import Pool

EVERY_SECONDS: Final = 15

# `held` has rows only for what waits. Of the other two, an index leads to the few rows that matter.
COUNT: Final = """
SELECT gate AS what, count(*) AS number, extract(epoch FROM now() - min(since))::float8 AS oldest
FROM held GROUP BY gate
UNION ALL
SELECT 'quarantined', count(*), extract(epoch FROM now() - min(recorded_at))::float8
FROM parked WHERE reason IS NOT NULL
UNION ALL
SELECT 'due', count(*), extract(epoch FROM now() - min(retry_at))::float8 FROM lookup WHERE retry_at <= now()
UNION ALL
SELECT 'failing', count(*), NULL FROM lookup WHERE attempts > 1
"""

# Which gauges say the number and the age of each.
GAUGES: Final = {
    "quarantined": (metrics.QUARANTINED_ACCOUNTS, metrics.QUARANTINED_OLDEST_SECONDS),
    "due": (metrics.LOOKUPS_DUE, metrics.LOOKUPS_DUE_OLDEST_SECONDS),
    "failing": (metrics.LOOKUPS_FAILING, None),
} | {
    gate: (metrics.HELD_MILESTONES.labels(gate), metrics.HELD_OLDEST_SECONDS.labels(gate))
    for gate in metrics.LABELS["gate"]
}


class Census:
    """Held milestones, quarantined accounts, and questions that are due or failing."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def run(self) -> NoReturn:
        """Count until cancelled; while the database is away the figures stay, and their time tells how old they are."""
        while True:
            try:
                await self.take()
            except Unavailable as error:
                structlog.get_logger().warning("census.interrupted", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def take(self) -> None:
        """Count once. Raises Unavailable."""
        async with self._pool.connection() as connection:
            found = {row["what"]: row for row in await connection.fetch(COUNT)}
        for what, (number, oldest) in GAUGES.items():
            row = found.get(what)
            number.set(row["number"] if row else 0)
            if oldest is not None:
                # Kafka's clock, not the database's, says when a record came.
                oldest.set(max(0.0, (row and row["oldest"]) or 0.0))
        metrics.CENSUS_TIMESTAMP_SECONDS.set(self._clock.now())
