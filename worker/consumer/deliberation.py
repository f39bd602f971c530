"""Deliberation: a batch of readings decided in order into one transaction's changes; no I/O, no clock."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from worker.consumer import letters
from worker.consumer.decode import Attributed, Unattributable, Understood
from worker.consumer.notifications import Place, notify
from worker.consumer.reading import Foreign, Outcome, Reading, Telling, Untelling
from worker.ports import AccountKey, Batch, Entry, LoggedEvent, ParkedRecord, Position, Record
from worker.rules.decide import decide
from worker.rules.draft import Timing
from worker.rules.facts import Cause, Fact, TransactionEvent, Unusable
from worker.rules.state import AccountState


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What deciding depends on besides records and state: timing, an account's home partition, the topic's name."""

    timing: Timing
    home: Callable[[str], int]
    events_topic: str


class Deliberation:
    """One batch in the making: takes readings in the order of their offsets, then says what changes."""

    def __init__(
        self, before: Position, states: Mapping[AccountKey, AccountState], circumstances: Circumstances
    ) -> None:
        self._before = before
        self._loaded = states
        self._states: dict[AccountKey, AccountState] = {}
        self._circumstances = circumstances
        self._entries: list[Entry] = []
        self._events: list[LoggedEvent] = []
        self._parked: list[ParkedRecord] = []
        self.outcomes: Counter[Outcome] = Counter()

    def take(self, reading: Reading) -> None:
        """Decide one reading."""
        self.outcomes[self._take(reading)] += 1

    def _take(self, reading: Reading) -> Outcome:
        match reading:
            case Foreign():
                return "foreign"
            case Unattributable(record, reason):
                self._entries.append(letters.dead_letter(record, None, reason, self._number(), self._topic))
                return "unattributable"
            case Telling(attributed) | Untelling(attributed) if not self._at_home(attributed):
                return self._send_home(attributed)
            case Telling(attributed) | Untelling(attributed) if self._state(attributed.key).quarantined:
                self._park(attributed, None)
                return "parked"
            case Untelling(attributed, invalid):
                self._quarantine(attributed, invalid.reason)
                return "quarantined"
            case Telling(attributed, understood):
                self._apply(attributed, understood)
                return "applied"

    @property
    def _topic(self) -> str:
        return self._circumstances.events_topic

    def _number(self) -> int:
        return self._before.next_number + len(self._entries)

    def _state(self, key: AccountKey) -> AccountState:
        state = self._states.get(key)
        if state is None:
            state = self._loaded.get(key) or AccountState(account=key[1], livemode=key[0])
        return state

    def _at_home(self, attributed: Attributed) -> bool:
        return self._circumstances.home(attributed.key[1]) == attributed.record.partition

    def _send_home(self, attributed: Attributed) -> Outcome:
        """Pass a record that lies on another account's partition on to its own: only that lane may apply it."""
        if letters.was_forwarded(attributed.record):
            reason = "the record is not on its account's partition, though it was sent there"
            self._entries.append(
                letters.dead_letter(attributed.record, attributed, reason, self._number(), self._topic)
            )
        else:
            self._entries.append(letters.forward(attributed, self._number()))
        return "misrouted"

    def _apply(self, attributed: Attributed, understood: Understood) -> None:
        record = attributed.record
        self._events.append(
            LoggedEvent(
                attributed.key, understood.created, attributed.id, attributed.type, understood.object_id, record
            )
        )
        self._decide(attributed, understood.fact)

    def _quarantine(self, attributed: Attributed, reason: str) -> None:
        """Keep a record that cannot be applied, and with it the account's order: what follows waits behind it."""
        self._park(attributed, reason)
        self._entries.append(letters.dead_letter(attributed.record, attributed, reason, self._number(), self._topic))
        self._decide(attributed, Unusable(reason))

    def _park(self, attributed: Attributed, reason: str | None) -> None:
        self._parked.append(ParkedRecord(attributed.key, attributed.id, reason, attributed.record))

    def _decide(self, attributed: Attributed, fact: Fact) -> None:
        record = attributed.record
        cause = Cause(attributed.id, record.timestamp)
        before = self._state(attributed.key)
        decision = decide(before, fact, cause, self._circumstances.timing)
        for sequence, release in enumerate(decision.releases, before.sequence + 1):
            place = Place(self._number(), record.offset, sequence)
            self._entries.append(notify(decision.state, release, cause, place))
        self._states[attributed.key] = decision.state

    def batch(self, last: Record) -> Batch:
        """Everything that changes, up to and with the record `last`."""
        return Batch(
            before=self._before,
            after=replace(self._before, next_offset=last.offset + 1, next_number=self._number()),
            accounts=[(self._before_of(key), state) for key, state in self._states.items()],
            transactions=list(self._transactions()),
            events=self._events,
            parked=self._parked,
            entries=self._entries,
        )

    def _before_of(self, key: AccountKey) -> AccountState:
        return self._loaded.get(key) or AccountState(account=key[1], livemode=key[0])

    def _transactions(self) -> Sequence[tuple[AccountKey, TransactionEvent]]:
        """The transactions that are new or were corrected."""
        return [
            (key, event)
            for key, state in self._states.items()
            for identity, event in state.transactions.items()
            if self._before_of(key).transactions.get(identity) is not event
        ]
