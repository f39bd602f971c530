"""Seeding: brings accounts that a range meets in the middle of their lives to the state they had at its start.

That state is what today's rules make of the records before the range, as the live tables hold them; nothing of it is
told, and the account's sequence goes on from there.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.consumer.deliberation import Circumstances
from worker.consumer.history import History, histories_of
from worker.ports import AccountKey, Batch, Ledger, Loaded, ParkedRecord, Position, Record, Wanted
from worker.replay.plan import Refused, Span
from worker.rules.state import AccountState
from worker.store import shadows
from worker.store.connection import Pool


@dataclass(frozen=True, slots=True)
class Past:
    """Where what came before a range is found: the live ledger, its pool and the name of its schema."""

    ledger: Ledger
    pool: Pool
    schema: str


class SeedingLedger:
    """The shadow's tables, as the lane of one span writes to them (see `worker.ports.Ledger`).

    Whatever is asked about an account that the shadow does not have yet, it is brought there first.
    """

    def __init__(self, shadow: Ledger, pool: Pool, past: Past, span: Span, circumstances: Circumstances) -> None:
        self._shadow = shadow
        self._pool = pool
        self._past = past
        self._span = span
        self._circumstances = circumstances
        self._position = Position(span.partition, 0, span.start, 1)

    async def claim(self, partition: int, owner: str, beginning: int) -> Position:
        """Take the partition of the shadow."""
        self._position = await self._shadow.claim(partition, owner, beginning)
        return self._position

    async def load(self, wanted: Wanted) -> Loaded:
        """The state of what is wanted."""
        await self._seed(wanted.accounts)
        return await self._shadow.load(wanted)

    async def parked(self, accounts: Iterable[AccountKey]) -> Mapping[AccountKey, Sequence[ParkedRecord]]:
        """What is parked of these accounts, each in the order it came."""
        asked = frozenset(accounts)
        await self._seed(asked)
        return await self._shadow.parked(asked)

    async def history(
        self, accounts: Iterable[AccountKey], partition: int, before: int
    ) -> AsyncGenerator[tuple[AccountKey, Record], None]:
        """The accounts' records before an offset: those before the range as the live tables hold them."""
        for key in sorted(accounts):
            async for past in self._past.ledger.history([key], partition, min(before, self._span.start)):
                yield past
            async for _, record in self._shadow.history([key], partition, before):
                if record.offset >= self._span.start:
                    yield key, record

    async def commit(self, batch: Batch) -> None:
        """Change everything the batch changes, or nothing."""
        await self._shadow.commit(batch)
        self._position = batch.after

    async def refusal(self, batch: Batch) -> str | None:
        """Why the tables would refuse what is in a batch, None where they would take it."""
        return await self._shadow.refusal(batch)

    async def _seed(self, accounts: Collection[AccountKey]) -> None:
        """Bring to the shadow those of the accounts that have a past and are not there. Raises Refused."""
        only = self._circumstances.only
        asked = frozenset(key for key in accounts if not only or key[1] in only)
        missing = asked - (await self._shadow.load(Wanted(asked))).accounts.keys() if asked else asked
        if not missing:
            return
        partition, start = self._span.partition, self._span.start
        hole = await shadows.lost(self._past.pool, missing, partition, start)
        if hole is not None:
            raise Refused(f"the event log cannot say where an account stood at the range's start: {hole}")
        await shadows.copy_past(self._pool, self._past.schema, missing, partition, start)
        past = self._past.ledger.history(missing, partition, start)
        await self._shadow.commit(self._seeds(await histories_of(past, partition, self._circumstances)))

    def _seeds(self, histories: Mapping[AccountKey, History]) -> Batch:
        """All of these accounts as if one batch had brought them, at the offset where the lane stands."""
        each = histories.values()
        return Batch(
            before=self._position,
            after=self._position,
            accounts=[(AccountState(history.state.account, history.state.livemode), history.state) for history in each],
            transactions=[(history.key, event) for history in each for event in history.transactions.values()],
            events=(),
            parked=[parked for history in each for parked in history.parked],
            unparked=(),
            entries=(),
        )
