"""The parts behind the ports, in memory: as strict as the real ones, and the contract tests hold both to the same."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from worker.headers import is_quiet, kept_headers
from worker.ports import (
    AccountKey,
    Batch,
    DataRefused,
    Destination,
    Entry,
    Fenced,
    HandoffFailed,
    Headers,
    Loaded,
    LoggedEvent,
    Misplaced,
    ParkedRecord,
    Position,
    Record,
    Unavailable,
    Wanted,
)
from worker.rules.facts import TransactionEvent
from worker.rules.state import AccountState
from worker.topic.cloud_events import headers_of
from worker.topic.partitioning import home_of
from worker.traceparent import brought

FIRST_MS = 1_735_578_000_000
Death = Literal["", "before the commit", "after the commit"]


class Line:
    """The way from one process to a part and back. Whoever schedules a process' steps makes them wait in it."""

    async def step(self, what: str) -> None:
        """Goes on at once."""

    @asynccontextmanager
    async def call(self, what: str) -> AsyncIterator[None]:
        """What is done inside is done at one moment: after it was asked for, and before the answer has come."""
        await self.step(f"{what} asked")
        yield
        await self.step(f"{what} answered")


AT_ONCE = Line()


@dataclass
class Tables:
    """One database. Statements of a lane that the test counts are named in `asked`, in their order.

    An offer of `most` or more is refused, as a constraint would.
    """

    positions: dict[int, Position] = field(default_factory=dict)
    accounts: dict[AccountKey, AccountState] = field(default_factory=dict)
    transactions: dict[tuple[AccountKey, str], TransactionEvent] = field(default_factory=dict)
    events: set[tuple[AccountKey, int, str]] = field(default_factory=set)
    log: dict[tuple[AccountKey, int], Record] = field(default_factory=dict)
    parked: dict[tuple[AccountKey, int], ParkedRecord] = field(default_factory=dict)
    entries: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    asked: list[str] = field(default_factory=list)
    most: int | None = None
    away: bool = False

    async def refuse(self, most: int) -> None:
        self.most = most

    def letters(self) -> list[Entry]:
        """Every copy for the dead-letter topic."""
        return [entry for owed in self.entries.values() for entry in owed if entry.destination == "dead_letters"]

    def ask(self, what: str) -> None:
        self.asked.append(what)
        if self.away:
            raise Unavailable("the database is away")


def _logged(event: LoggedEvent) -> Record:
    """The record as the event log gives it back: of its headers, only what it is decided by."""
    ours = ("ce_type", event.type.encode()) in event.record.headers
    quiet, trace = is_quiet(event.record.headers), brought(event.record.headers)
    headers = kept_headers(event.type, ours=ours, quiet=quiet, traceparent=trace)
    return replace(event.record, key=None, headers=headers)


def _letter(entry: Entry) -> Record:
    """The record that a dead letter is a copy of, its headers with the letter's own behind them."""
    assert entry.headers is not None
    partition = int(dict(entry.headers)["capital_partition"])
    return Record(partition, entry.record_offset, entry.time, entry.key, entry.value, entry.headers)


class Ledger:
    """The tables, as a lane writes to them."""

    def __init__(self, tables: Tables, line: Line = AT_ONCE) -> None:
        self._tables = tables
        self._line = line

    async def claim(self, partition: int, owner: str, beginning: int) -> Position:
        async with self._line.call("claim"):
            self._tables.ask("claim")
            former = self._tables.positions.get(partition) or Position(partition, 0, beginning, 1)
            position = replace(former, epoch=former.epoch + 1)
            self._tables.positions[partition] = position
        return position

    async def load(self, wanted: Wanted) -> Loaded:
        async with self._line.call("load"):
            return self._load(wanted)

    def _load(self, wanted: Wanted) -> Loaded:
        tables = self._tables
        tables.ask("load")
        transactions: defaultdict[AccountKey, dict[str, TransactionEvent]] = defaultdict(dict)
        for key, identity in wanted.transactions & tables.transactions.keys():
            transactions[key][identity] = tables.transactions[key, identity]
        updates: defaultdict[AccountKey, frozenset[str]] = defaultdict(frozenset)
        for key, _, identity in wanted.updates & tables.events:
            updates[key] |= {identity}
        accounts = {key: tables.accounts[key] for key in wanted.accounts & tables.accounts.keys()}
        return Loaded(accounts, transactions, updates)

    async def parked(self, accounts: Iterable[AccountKey]) -> Mapping[AccountKey, Sequence[ParkedRecord]]:
        found: defaultdict[AccountKey, list[ParkedRecord]] = defaultdict(list)
        async with self._line.call("parked"):
            self._tables.ask("parked")
            for key, offset in sorted(self._tables.parked):
                if key in set(accounts):
                    found[key].append(self._tables.parked[key, offset])
        return found

    async def history(
        self, accounts: Iterable[AccountKey], partition: int, before: int
    ) -> AsyncGenerator[tuple[AccountKey, Record], None]:
        tables, keys = self._tables, frozenset(accounts)
        tables.ask("history")
        found = {(entry.livemode, entry.account, entry.record_offset): _letter(entry) for entry in tables.letters()}
        found |= {(*key, offset): parked.record for (key, offset), parked in tables.parked.items()}
        found |= {(*key, offset): record for (key, offset), record in tables.log.items()}
        for livemode, account, offset in sorted(found):
            record = found[livemode, account, offset]
            if (livemode, account) in keys and record.partition == partition and offset < before:
                yield (livemode, account), record

    async def commit(self, batch: Batch) -> None:
        async with self._line.call("commit"):
            self._commit(batch)

    def _commit(self, batch: Batch) -> None:
        tables = self._tables
        tables.ask("commit")
        if tables.positions.get(batch.before.partition) != batch.before:
            raise Fenced(f"partition {batch.before.partition}: epoch {batch.before.epoch} is over")
        owed = tables.entries[batch.before.partition]
        if {entry.number for entry in owed} & {entry.number for entry in batch.entries}:
            raise DataRefused("an outbox number is given twice")
        if (refused := self._refused(batch)) is not None:
            raise DataRefused(refused)
        tables.positions[batch.before.partition] = batch.after
        owed += batch.entries
        for key, name in list(tables.transactions):
            if key in batch.rebuilt:
                del tables.transactions[key, name]
        for _, after in batch.accounts:
            tables.accounts[after.key] = replace(after, transactions={}, updates=frozenset())
        tables.transactions |= {(key, event.transaction.id): event for key, event in batch.transactions}
        for event in batch.events:
            if (event.key, event.created, event.id) not in tables.events:
                tables.events.add((event.key, event.created, event.id))
                tables.log[event.key, event.record.offset] = _logged(event)
        for gone in batch.unparked:
            tables.parked.pop((gone.key, gone.record.offset), None)
        tables.parked |= {(parked.key, parked.record.offset): parked for parked in batch.parked}

    async def refusal(self, batch: Batch) -> str | None:
        self._tables.ask("refusal")
        return self._refused(batch)

    def _refused(self, batch: Batch) -> str | None:
        most = self._tables.most
        for before, after in batch.accounts:
            for offer in after.offers.values():
                amount = offer.number("offered_terms.advance_amount")
                if offer is not before.offers.get(offer.id) and most is not None and (amount or 0) >= most:
                    return "the data was refused: table offer, constraint most"
        return None


class Outbox:
    """The entries that partitions owe."""

    def __init__(self, tables: Tables, line: Line = AT_ONCE) -> None:
        self._tables = tables
        self._line = line

    async def owed(self, partition: int, marker: int, before: int, most: int) -> Sequence[Entry]:
        async with self._line.call("owed"):
            self._tables.ask("owed")
            owed = [entry for entry in self._tables.entries[partition] if marker <= entry.record_offset < before]
        last = owed[most].record_offset if len(owed) > most else before
        return [entry for entry in owed if entry.record_offset <= last]

    async def offset_of(self, partition: int, notification: str) -> int | None:
        async with self._line.call("offset_of"):
            self._tables.ask("offset_of")
            owed = [entry for entry in self._tables.entries[partition] if entry.destination == "notifications"]
        return next((entry.record_offset for entry in owed if entry.id == notification), None)


@dataclass
class Transaction:
    """What a lane's publisher has written and not yet ended; the marker comes last."""

    entries: list[Entry] = field(default_factory=list)
    marker: int = 0


class Broker:
    """Topics by what they are for, with committed records only; markers, epochs and what is begun, by partition."""

    def __init__(self, partitions: int = 1) -> None:
        self.partitions = partitions
        self.beginnings: dict[int, int] = dict.fromkeys(range(partitions), 0)
        self.markers: dict[int, int] = {}
        self.epochs: dict[int, int] = defaultdict(int)
        self.begun: dict[int, Transaction] = {}
        self.transactions: list[int] = []
        self.away = False
        self._listening: list[asyncio.Event] = []
        self._topics: dict[Destination, list[list[Record]]] = {
            "events": [[] for _ in range(partitions)],
            "notifications": [[] for _ in range(partitions)],
            "dead_letters": [[] for _ in range(partitions)],
        }

    def records(self, destination: Destination, partition: int | None = None) -> list[Record]:
        """Everything a `read_committed` reader sees, partition after partition."""
        partitions = range(self.partitions) if partition is None else (partition,)
        return [record for number in partitions for record in self._topics[destination][number]]

    async def append(
        self, destination: Destination, partition: int, key: bytes | None, value: bytes | None, headers: Headers
    ) -> Record:
        records = self._topics[destination][partition]
        whole = tuple((name, value or b"") for name, value in headers)
        record = Record(partition, len(records), FIRST_MS + len(records), key, value, whole)
        records.append(record)
        while self._listening:
            self._listening.pop().set()
        return record

    async def appended(self) -> None:
        """Return once a record more than now is on any topic."""
        heard = asyncio.Event()
        self._listening.append(heard)
        await heard.wait()


class Handoff:
    """The events topic, as the ingress and the lookup role write to it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        if self._broker.away:
            raise HandoffFailed("the broker is away")
        await self._broker.append("events", home_of(key.decode(), self._broker.partitions), key, value, headers)


class Source:
    """One partition of the events topic, as its lane reads it."""

    def __init__(self, broker: Broker, partition: int, line: Line = AT_ONCE) -> None:
        self._broker = broker
        self._partition = partition
        self._line = line
        self._next = 0
        self.caught_up = False

    async def beginning(self) -> int:
        async with self._line.call("beginning"):
            self._answer()
            return self._broker.beginnings[self._partition]

    async def seek(self, offset: int) -> None:
        end = len(self._broker.records("events", self._partition))
        if not await self.beginning() <= offset <= end:
            raise Misplaced(f"partition {self._partition} does not hold offset {offset}")
        self._next = offset

    async def poll(self, most: int, seconds: float) -> Sequence[Record]:
        self._answer()
        try:
            async with asyncio.timeout(seconds):
                while not self._ahead():
                    await self._broker.appended()
        except TimeoutError:
            return []
        async with self._line.call("poll"):
            taken = self._ahead()[:most]
        self._next = taken[-1].offset + 1
        self.caught_up = not self._ahead() and len(taken) < most
        return taken

    async def reached(self) -> int:
        return self._next

    async def at(self, offset: int) -> Record | None:
        async with self._line.call("at"):
            self._answer()
            held = self._broker.records("events", self._partition)
        beginning = self._broker.beginnings[self._partition]
        return held[offset] if beginning <= offset < len(held) else None

    async def close(self) -> None:
        """Nothing to let go of."""

    def _ahead(self) -> list[Record]:
        return self._broker.records("events", self._partition)[self._next :]

    def _answer(self) -> None:
        if self._broker.away:
            raise Unavailable("the broker is away")


class Publisher:
    """The topics, as one lane writes to them; `dies` says at which point of the next transaction it ends."""

    def __init__(self, broker: Broker, partition: int, line: Line = AT_ONCE) -> None:
        self._broker = broker
        self._partition = partition
        self._line = line
        self._epoch = 0
        self.dies: Death = ""

    async def open(self) -> int | None:
        async with self._line.call("open"):
            self._answer()
            self._broker.epochs[self._partition] += 1
            self._epoch = self._broker.epochs[self._partition]
            self._broker.begun.pop(self._partition, None)
        async with self._line.call("marker"):
            return self._broker.markers.get(self._partition)

    async def last_told(self) -> str | None:
        async with self._line.call("last told"):
            told = self._broker.records("notifications", self._partition)
        return dict(told[-1].headers)["ce_id"].decode() if told else None

    async def publish(self, entries: Iterable[Entry], marker: int) -> None:
        for entry in entries:
            await self._line.step("send asked")
            self._begun().entries.append(entry)
        async with self._line.call("send marker"):
            self._begun().marker = marker
        if self.dies == "before the commit":
            raise Unavailable("the broker is away")
        async with self._line.call("end transaction"):
            await self._end()
        if self.dies == "after the commit":
            raise Unavailable("no answer to the commit")

    async def close(self) -> None:
        """Lets go; what it has begun stays so until somebody opens a publisher of the lane again."""

    async def _end(self) -> None:
        """Everything of it becomes visible together."""
        broker, transaction = self._broker, self._begun()
        for entry in transaction.entries:
            notified = entry.destination == "notifications"
            partition = self._partition if notified else home_of(entry.key.decode(), broker.partitions)
            await broker.append(entry.destination, partition, entry.key or None, entry.value, headers_of(entry))
        broker.markers[self._partition] = transaction.marker
        broker.transactions.append(len(transaction.entries))
        del broker.begun[self._partition]

    def _begun(self) -> Transaction:
        """The lane's open transaction, while nobody else has opened a publisher of the lane."""
        self._answer()
        if self._broker.epochs[self._partition] != self._epoch:
            raise Fenced(f"partition {self._partition}: another owner has begun")
        return self._broker.begun.setdefault(self._partition, Transaction())

    def _answer(self) -> None:
        if self._broker.away:
            raise Unavailable("the broker is away")
