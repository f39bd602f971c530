"""The ledger: claiming a partition, loading what a batch needs, and committing all of it behind the fence."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence

from worker.ports import (
    AccountKey,
    Batch,
    DataRefused,
    Fenced,
    Loaded,
    ParkedRecord,
    Position,
    Record,
    Taken,
    Wanted,
)
from worker.store import histories, loading
from worker.store.connection import Pool
from worker.store.parking import read_parked
from worker.store.together import Write, together

CLAIM = """
INSERT INTO cursor (partition, epoch, next_offset, next_number, owner) VALUES ($1, 1, $2, 1, $3)
ON CONFLICT (partition) DO UPDATE SET epoch = cursor.epoch + 1, owner = excluded.owner
RETURNING epoch, next_offset, next_number, last_offset, last_digest
"""

# The fence: it moves only for the owner of the epoch, from the offset the owner expects, and its row lock keeps
# a later owner waiting until what is behind it has ended one way or the other.
ADVANCE = """
UPDATE cursor SET next_offset = $4, next_number = $5, last_offset = $6, last_digest = $7
WHERE partition = $1 AND epoch = $2 AND next_offset = $3
"""


# One table's share of a batch: a statement or two, none where nothing changes.
Writer = Callable[[Batch], Iterable[Write]]


class Ledger:
    """The tables, as a lane writes to them (see `worker.ports.Ledger`)."""

    def __init__(self, pool: Pool, writers: Sequence[Writer]) -> None:
        self._pool = pool
        self._writers = writers

    async def claim(self, partition: int, owner: str, beginning: int) -> Position:
        """Take a partition: every earlier owner is fenced from here on."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(CLAIM, partition, beginning, owner)
        assert row is not None, "an upsert returns its row"  # noqa: S101 - for the type checker
        last = None if row["last_offset"] is None else Taken(row["last_offset"], row["last_digest"])
        return Position(partition, row["epoch"], row["next_offset"], row["next_number"], last)

    async def load(self, wanted: Wanted) -> Loaded:
        """The present state of what is wanted, read outside any transaction; where nothing is, nobody is asked.

        What was read can be stale only if another owner has claimed the partition, and then the fence says so.
        """
        if not (wanted.accounts or wanted.transactions or wanted.updates):
            return Loaded({}, {}, {})
        async with self._pool.connection() as connection:
            accounts = await loading.accounts(connection, wanted)
            transactions = await loading.transactions(connection, wanted) if wanted.transactions else {}
            updates = await loading.updates(connection, wanted) if wanted.updates else {}
        return Loaded(accounts, transactions, updates)

    async def parked(self, accounts: Iterable[AccountKey]) -> Mapping[AccountKey, Sequence[ParkedRecord]]:
        """What is parked of these accounts, each in the order it came."""
        async with self._pool.connection() as connection:
            return await read_parked(connection, accounts)

    def history(
        self, accounts: Iterable[AccountKey], partition: int, before: int
    ) -> AsyncGenerator[tuple[AccountKey, Record], None]:
        """The accounts' records on a partition at offsets before `before`, account by account, each in order."""
        return histories.history(self._pool, accounts, partition, before)

    async def commit(self, batch: Batch) -> None:
        """Change everything the batch changes, or nothing."""
        before, after = batch.before, batch.after
        mine = (before.partition, before.epoch, before.next_offset)
        fence = (ADVANCE, [*mine, after.next_offset, after.next_number, *(after.last or (None, None))])
        moved = await (self._in_turn(fence, batch) if batch.rebuilt else self._at_once(fence, batch))
        if not moved:
            raise Fenced(f"partition {before.partition}: epoch {before.epoch} is over")

    async def _at_once(self, fence: Write, batch: Batch) -> int:
        """Nearly every batch: a single statement."""
        statement, arguments = together(fence, self._writes(batch))
        async with self._pool.connection() as connection:
            moved: int = await connection.fetchval(statement, *arguments)
        return moved

    async def _in_turn(self, fence: Write, batch: Batch) -> int:
        """A batch that removes rows and writes them anew, which no single statement can."""
        statement, arguments = together(fence, ())
        async with self._pool.transaction() as connection:
            moved: int = await connection.fetchval(statement, *arguments)
            if moved:
                for write, values in self._writes(batch):
                    await connection.execute(write, *values)
        return moved

    async def refusal(self, batch: Batch) -> str | None:
        """Why the tables would refuse what is in a batch; written behind no fence, and taken back."""
        try:
            async with self._pool.connection() as connection:
                trial = connection.transaction()
                await trial.start()
                try:
                    for statement, arguments in self._writes(batch):
                        await connection.execute(statement, *arguments)
                finally:
                    await trial.rollback()
        except DataRefused as refused:
            return str(refused)
        return None

    def _writes(self, batch: Batch) -> Sequence[Write]:
        return [write for writer in self._writers for write in writer(batch)]
