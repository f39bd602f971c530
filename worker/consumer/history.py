"""A history: one account's records decided again from nothing, in order, as lanes decide them; it writes nothing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.reading import Commanding, Reading, Rebuilding, read, wanted
from worker.consumer.rebuilding import MOST_RECORDS, Past
from worker.ports import AccountKey, Batch, EventSubject, ParkedRecord, Position, Record, Wanted
from worker.rules.facts import TransactionEvent
from worker.rules.identities import identity_of
from worker.rules.releases import Release
from worker.rules.state import AccountState


class History:
    """What today's rules make of an account's past, as far as it has been taken.

    `state` has no working sets: all `transactions` stand beside it. `parked` is what waits behind a record that
    today's rules cannot apply; `released` is everything ever told, by identity, in order; `foretold` is what was told
    too early by other rules and came to pass since; `records` counts what was taken.
    """

    def __init__(self, key: AccountKey, partition: int, circumstances: Circumstances) -> None:
        # What was taken here once is not sent to another partition now.
        self._circumstances = replace(circumstances, only=frozenset(), home=lambda _account: partition, again=True)
        self._updates: set[tuple[int, str]] = set()
        self._subjects: list[EventSubject] = []
        self.records = 0
        self.key = key
        self.state = AccountState(account=key[1], livemode=key[0])
        self.transactions: dict[str, TransactionEvent] = {}
        self.parked: Sequence[ParkedRecord] = ()
        self.released: dict[str, Release] = {}
        self.foretold: set[str] = set()

    def past(self) -> Past:
        """What all of it makes of the account."""
        updates = frozenset(identity for _, identity in self._updates)
        state = replace(self.state, transactions=dict(self.transactions), updates=updates)
        return Past(state, dict(self.released), tuple(self._subjects))

    @property
    def too_long(self) -> bool:
        """Whether no lane would take so much at once."""
        return self.records > MOST_RECORDS

    def take(self, record: Record) -> None:
        """Decide the next record of the account."""
        reading = read(record)
        self.records += 1
        wants = self._wanted(reading)
        pasts = {record.offset: self.past()} if isinstance(reading, Rebuilding) else {}
        known = Known({self.key: self._with_working_sets(wants)}, {self.key: self.parked}, pasts=pasts)
        deliberation = Deliberation(Position(record.partition, 0, record.offset, 1), known, self._circumstances)
        deliberation.take(reading)
        self._keep(deliberation.batch(record), wants)
        for release in deliberation.releases:
            self.released.setdefault(identity_of(self.key[1], release), release)

    def _wanted(self, reading: Reading) -> Wanted:
        waiting = [read(parked.record) for parked in self.parked] if isinstance(reading, Commanding) else []
        return wanted([reading, *waiting])

    def _with_working_sets(self, wants: Wanted) -> AccountState:
        named = {identity for _, identity in wants.transactions}
        transactions = {identity: self.transactions[identity] for identity in named & self.transactions.keys()}
        updates = frozenset(identity for _, created, identity in wants.updates if (created, identity) in self._updates)
        return replace(self.state, transactions=transactions, updates=updates)

    def _keep(self, batch: Batch, wants: Wanted) -> None:
        for _, state in batch.accounts:
            self._updates |= {(created, name) for _, created, name in wants.updates if name in state.updates}
            if self.key not in batch.rebuilt:
                self.foretold |= self.state.foretold - state.foretold
            self.state = replace(state, transactions={}, updates=frozenset())
        self.transactions |= {event.transaction.id: event for _, event in batch.transactions}
        self._subjects += [(self.key, event.created, event.id, event.object_id) for event in batch.events]
        waiting = {parked.record.offset: parked for parked in (*self.parked, *batch.parked)}
        for applied in batch.unparked:
            del waiting[applied.record.offset]
        self.parked = [waiting[offset] for offset in sorted(waiting)]


async def histories_of(
    records: AsyncIterator[tuple[AccountKey, Record]], partition: int, circumstances: Circumstances
) -> Mapping[AccountKey, History]:
    """The histories of the accounts whose records these are, each taken to its end."""
    histories: dict[AccountKey, History] = {}
    async for key, record in records:
        if key not in histories:
            histories[key] = History(key, partition, circumstances)
        histories[key].take(record)
    return histories
