"""The ledger: claiming a partition, loading what a batch needs, and committing all of it behind the fence."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Protocol

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
from worker.store.connection import Connection, Pool
from worker.store.parking import read_parked

CLAIM = """
INSERT INTO cursor (partition, epoch, next_offset, next_number, owner) VALUES ($1, 1, $2, 1, $3)
ON CONFLICT (partition) DO UPDATE SET epoch = cursor.epoch + 1, owner = excluded.owner
RETURNING epoch, next_offset, next_number, last_offset, last_digest
"""

# The fence: it moves only for the owner of the epoch, from the offset the owner expects, and its row lock keeps
# a later owner waiting until this transaction has ended one way or the other.
ADVANCE = """
UPDATE cursor SET next_offset = $4, next_number = $5, last_offset = $6, last_digest = $7
WHERE partition = $1 AND epoch = $2 AND next_offset = $3
"""


class Writer(Protocol):
    """A statement or two that write one table's share of a batch."""

    async def __call__(self, connection: Connection, batch: Batch) -> None:
        """Write inside the batch's transaction, behind its fence."""
        ...


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
        last = after.last or (None, None)
        async with self._pool.transaction() as connection:
            moved = await connection.execute(ADVANCE, *mine, after.next_offset, after.next_number, *last)
            if moved != "UPDATE 1":
                raise Fenced(f"partition {before.partition}: epoch {before.epoch} is over")
            await self._write(connection, batch)

    async def refusal(self, batch: Batch) -> str | None:
        """Why the tables would refuse what is in a batch; written behind no fence, and taken back."""
        try:
            async with self._pool.connection() as connection:
                trial = connection.transaction()
                await trial.start()
                try:
                    await self._write(connection, batch)
                finally:
                    await trial.rollback()
        except DataRefused as refused:
            return str(refused)
        return None

    async def _write(self, connection: Connection, batch: Batch) -> None:
        for write in self._writers:
            await write(connection, batch)
