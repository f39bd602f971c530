"""An event log that is full already when a drain begins; what a lane asks of it is measured, not what is in it."""

from typing import Final

from tests.bench import loads
from tests.bench.loads import Load
from tests.bench.place import Place
from tests.bench.subjects import SystemRun

EVENTS_OF_AN_ACCOUNT = 400
# At least those of the drain, whose own history it then is.
FEWEST_ACCOUNTS = 500
# A statement for each: of one for all, a failure would be known after an hour.
PIECE = 250_000
DAYS = 365

# In the order of time, account after account, as traffic writes them: an index that was filled in its own order
# would be denser than a real one.
FILL: Final = """
INSERT INTO {schema}.event (livemode, account, created, event_id, type, object_id, partition, record_offset,
                            recorded_at, ours, body)
SELECT true, 'acct_1' || lpad((n % $1)::text, 15, '0'), moment, 'evt_1' || left(md5(n::text), 23),
       'capital.financing_offer.paid_out', 'financingoffer_1' || left(md5((n / 4)::text), 23), n % 8, n / 8, moment,
       false, $2::bytea || decode(md5(n::text), 'hex')
FROM generate_series($3::bigint, $4::bigint) AS n,
     LATERAL (SELECT to_timestamp($5::bigint + n * $6::bigint / $7::bigint) AS moment) AS time
"""
READ: Final = """
SELECT heap_blks_read + idx_blks_read FROM pg_statio_all_tables WHERE schemaname = $1 AND relname = 'event'
"""
SIZE: Final = "SELECT pg_table_size($1::text::regclass), pg_indexes_size($1::text::regclass)"


class FilledRun(SystemRun):
    """This system, with so many rows in its event log before it begins.

    Once closed it says how large the log was in the end, and how many of its blocks (8 KB) were not in Postgres' own
    memory when they were asked for.
    """

    def __init__(self, place: Place, load: Load, topic: str, name: str, rows: int) -> None:
        super().__init__(place, load, topic, name)
        self._rows = rows
        self._body = load.messages[0].value
        self._read = 0
        self.blocks_read = self.table_bytes = self.index_bytes = 0

    async def prepare(self) -> None:
        await super().prepare()
        database = self._place.database
        accounts = max(FEWEST_ACCOUNTS, self._rows // EVENTS_OF_AN_ACCOUNT)
        span = DAYS * loads.DAY
        for first in range(0, self._rows, PIECE):
            await database.execute(
                FILL.format(schema=self._name),
                *(accounts, self._body, first, min(first + PIECE, self._rows) - 1),
                *(loads.BEGINNING - span, span, self._rows),
            )
        # Now, and not by itself in the middle of the drain.
        await database.execute(f"VACUUM (ANALYZE) {self._name}.event")
        self._read = await self._read_so_far()

    async def close(self) -> None:
        self.blocks_read = await self._read_so_far() - self._read
        ((table, indexes),) = await self._place.database.fetch(SIZE, f"{self._name}.event")
        self.table_bytes, self.index_bytes = int(table), int(indexes)
        await super().close()

    async def _read_so_far(self) -> int:
        # A session tells the server once a second what it read; the fill's would be counted as the drain's.
        await self._place.database.execute("SELECT pg_stat_force_next_flush()")
        return int(await self._place.database.fetchval(READ, self._name))
