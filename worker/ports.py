"""Ports: the small protocols by which one stage knows another; they name what is promised and never how."""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from worker.rules.facts import LookupKind, TransactionEvent
from worker.rules.state import AccountState, Offer

Headers = tuple[tuple[str, bytes], ...]

# (livemode, account): test and live never share anything.
AccountKey = tuple[bool, str]
# Of a logged event: whose it is, its `created` in seconds, its id, and the id of the object it is about.
EventSubject = tuple[AccountKey, int, str, str | None]
Destination = Literal["notifications", "dead_letters", "events"]


class HandoffFailed(Exception):  # noqa: N818 - named for what happened
    """The broker did not acknowledge a record in time; whether it has the record is not known."""


class Fenced(Exception):  # noqa: N818 - named for what happened
    """The partition has another owner: what was asked has not been done, and must not be tried again as it is."""


class Unavailable(Exception):  # noqa: N818 - named for what happened
    """Kafka or Postgres did not answer in time or refused; what was asked may or may not have been done."""


class DataRefused(Unavailable):
    """The database refused what was to be written for what is in it, and changed nothing; never says what that is."""


class Misplaced(Exception):  # noqa: N818 - named for what happened
    """A position does not fit the topic, and no right one can be proven; a person has to look."""


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes on a topic at a partition and offset; `timestamp` is Kafka's, in ms since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Taken(NamedTuple):
    """The last record that was taken: its offset, and a digest that no other has."""

    offset: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """Where a lane stands: its epoch, the next offset to take and number to give, and the last record it took."""

    partition: int
    epoch: int
    next_offset: int
    next_number: int
    last: Taken | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something owed to a topic. `time` is ms; `headers` only where not a notification's; `traceparent` as it came."""

    destination: Destination
    number: int
    record_offset: int
    livemode: bool
    account: str
    sequence: int | None
    id: str
    type: str
    subject: str | None
    time: int
    causation_id: str
    key: bytes
    value: bytes
    headers: Headers | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A record of an account as the event log keeps it; `created` is in seconds."""

    key: AccountKey
    created: int
    id: str
    type: str
    object_id: str | None
    record: Record


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record kept behind a quarantine; `reason` is set on the one that caused it."""

    key: AccountKey
    id: str
    reason: str | None
    record: Record


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch needs loaded: accounts, transactions by id, and line-of-credit events by (created, id)."""

    accounts: frozenset[AccountKey]
    transactions: frozenset[tuple[AccountKey, str]] = frozenset()
    updates: frozenset[tuple[AccountKey, int, str]] = frozenset()


@dataclass(frozen=True)
class Batch:
    """Everything one lane transaction changes, and the positions before and after it.

    Of those `rebuilt` the rows go, and `accounts` has them as new; `subjects` are what their logged events are about.
    """

    before: Position
    after: Position
    accounts: Sequence[tuple[AccountState, AccountState]]
    transactions: Sequence[tuple[AccountKey, TransactionEvent]]
    events: Sequence[LoggedEvent]
    parked: Sequence[ParkedRecord]
    unparked: Sequence[ParkedRecord]
    entries: Sequence[Entry]
    rebuilt: Collection[AccountKey] = ()
    subjects: Sequence[EventSubject] = ()

    @cached_property
    def changed_offers(self) -> Sequence[tuple[AccountState, Offer | None, Offer]]:
        """Offers that are not as before, each with its account and what it was; all of them at a new policy."""
        return [
            (after, before.offers.get(identity), offer)
            for before, after in self.accounts
            for identity, offer in after.offers.items()
            if before.offers.get(identity) is not offer or before.policy is not after.policy
        ]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the store holds of what was wanted; an account it does not hold is missing."""

    accounts: Mapping[AccountKey, AccountState]
    transactions: Mapping[AccountKey, Mapping[str, TransactionEvent]] = field(default_factory=dict)
    updates: Mapping[AccountKey, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A lookup taken to be asked: `due` (ms) is the rules' own, `attempts` counts this one too."""

    livemode: bool
    account: str
    kind: LookupKind
    subject: str
    due: int
    attempts: int


class Handoff(Protocol):
    """The events topic, as the ingress and the lookup role see it."""

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        """Return once every in-sync replica has the record; raises HandoffFailed without that word in 5 s."""


class Source(Protocol):
    """One partition of the events topic, as its lane reads it. Raises Unavailable, and Misplaced on a wrong offset."""

    @property
    def caught_up(self) -> bool:
        """Whether the last poll that brought something took all there was."""

    async def beginning(self) -> int:
        """The offset of the oldest record still there."""

    async def seek(self, offset: int) -> None:
        """Read from this offset on."""

    async def poll(self, most: int, seconds: float) -> Sequence[Record]:
        """Up to `most` records in order, waiting at most `seconds` for the first."""

    async def reached(self) -> int:
        """The offset that the next poll reads on from: behind the last record polled, and behind what holds none."""

    async def at(self, offset: int) -> Record | None:
        """The record at an offset, None where none is; the next poll reads on from where it would have."""

    async def close(self) -> None:
        """Let go of the connection."""


class Publisher(Protocol):
    """The topics, as one lane writes to them: in transactions, each with the lane's published-through marker.

    Raises Fenced when another owner has begun, Unavailable when in doubt; after either it must be closed.
    """

    async def open(self) -> int | None:
        """Settle every transaction begun before under this lane's name; the marker, None where there is none."""

    async def last_told(self) -> str | None:
        """The id of the last notification that readers of this lane's partition see, None where they see none."""

    async def publish(self, entries: Sequence[Entry], marker: int) -> None:
        """Make the entries visible and the marker known, both or neither."""

    async def close(self) -> None:
        """Let go of the connection, aborting what was begun."""


class Ledger(Protocol):
    """The tables, as a lane writes to them. Raises Unavailable when the database does not answer in time."""

    async def claim(self, partition: int, owner: str, beginning: int) -> Position:
        """Take a partition: every earlier owner is fenced from here on. A new partition starts at `beginning`."""

    async def load(self, wanted: Wanted) -> Loaded:
        """The present state of what is wanted."""

    async def parked(self, accounts: Iterable[AccountKey]) -> Mapping[AccountKey, Sequence[ParkedRecord]]:
        """What is parked of these accounts, each in the order it came."""

    def history(
        self, accounts: Iterable[AccountKey], partition: int, before: int
    ) -> AsyncGenerator[tuple[AccountKey, Record], None]:
        """The accounts' records on a partition at offsets before `before`, account by account, each in order."""

    async def commit(self, batch: Batch) -> None:
        """Change everything or nothing. Raises Fenced when the position is not `before`, DataRefused for the data."""

    async def refusal(self, batch: Batch) -> str | None:
        """Why the tables would refuse what is in a batch, None where they would take it; nothing is changed."""


class Outbox(Protocol):
    """The entries that a partition owes, in the order of their numbers."""

    async def owed(self, partition: int, marker: int, before: int, most: int) -> Sequence[Entry]:
        """Entries whose record's offset is in [marker, before), at most about `most`, never half of an offset's."""

    async def offset_of(self, partition: int, notification: str) -> int | None:
        """The offset of the record that released a notification, None where the partition never owed it."""


class Relay(Protocol):
    """What publishes a lane's entries after their commit. Raises what its publisher and outbox raise."""

    async def open(self, position: Position) -> None:
        """Settle what an earlier owner left, then publish whatever is still owed up to the position."""

    async def submit(self, entries: Sequence[Entry], next_offset: int) -> None:
        """Owe a committed batch's entries, in commit order; waits while too much is owed already."""

    async def run(self) -> None:
        """Publish what is owed until `finish` was called and nothing is owed any more."""

    async def all_out(self) -> None:
        """Return once nothing is owed."""

    async def finish(self) -> None:
        """Nothing more will be submitted."""


class Membership(Protocol):
    """This process in the consumer group: Kafka's word on which lanes are to run here. Raises Unavailable."""

    async def open(self) -> None:
        """Join the group."""

    async def poll(self) -> None:
        """Poll for ever, which is what tells the group that this process lives."""

    async def assignment(self) -> frozenset[int]:
        """The next assignment, as soon as it comes."""

    async def close(self) -> None:
        """Leave the group."""


class Questions(Protocol):
    """The lookups that rules want answered. Raises Unavailable."""

    async def take(self, most: int, lease_seconds: float) -> Sequence[Question]:
        """Up to `most` questions that are due; nobody else gets them before the lease ends."""

    async def retry(self, question: Question, seconds: float) -> None:
        """Let a question be taken again after so many seconds, if it is still the same."""
