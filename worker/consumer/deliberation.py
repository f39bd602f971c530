"""Deliberation: a batch of readings decided in order into one transaction's changes; no I/O, no clock."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from worker.consumer import letters
from worker.consumer.commands import Rebuild
from worker.consumer.decode import Attributed, Unattributable, Understood
from worker.consumer.hot import MOST_OFFERS
from worker.consumer.notifications import Place, notify
from worker.consumer.reading import Commanding, Foreign, Outcome, Reading, Rebuilding, Telling, Untelling
from worker.consumer.rebuilding import TOO_LONG, Past, refusal
from worker.consumer.recognition import taken
from worker.consumer.redriving import blocked_by, remaining
from worker.headers import is_quiet
from worker.ports import AccountKey, Batch, Entry, LoggedEvent, ParkedRecord, Position, Record
from worker.rules.decide import Decision, decide
from worker.rules.draft import Timing
from worker.rules.facts import Cause, Fact, Resumed, TransactionEvent, Unusable
from worker.rules.releases import Release
from worker.rules.retelling import retell
from worker.rules.state import AccountState
from worker.traceparent import brought


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What deciding depends on besides records and state: timing, an account's home partition, the topic's name.

    A lane may keep `most_offers` in memory. A replay for some accounts decides `only` their records, and leaves out
    all others. What records say was done is done `again` without asking whether it may: the lane that took them first
    has asked.
    """

    timing: Timing
    home: Callable[[str], int]
    events_topic: str
    most_offers: int = MOST_OFFERS
    only: frozenset[str] = frozenset()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the lane knows of the accounts of a batch: their states, and what commands need to know besides.

    That is what is parked of accounts, and for a command to rebuild one, by the command's offset, its past; none where
    there is too much of it. `refused` are the offsets of records that the database will not take, and why.
    """

    states: Mapping[AccountKey, AccountState]
    parked: Mapping[AccountKey, Sequence[ParkedRecord]] = field(default_factory=dict)
    refused: Mapping[int, str] = field(default_factory=dict)
    pasts: Mapping[int, Past | None] = field(default_factory=dict)


class Deliberation:
    """One batch in the making: takes readings in the order of their offsets, then says what changes."""

    def __init__(self, before: Position, known: Known, circumstances: Circumstances) -> None:
        self._before = before
        self._known = known
        self._states: dict[AccountKey, AccountState] = {}
        self._circumstances = circumstances
        self._entries: list[Entry] = []
        self._events: list[LoggedEvent] = []
        self._parked: dict[AccountKey, Sequence[ParkedRecord]] = {}
        self._unparked: list[ParkedRecord] = []
        self._rebuilt: dict[AccountKey, Past] = {}
        self.releases: list[Release] = []
        # Entries belong to the record at hand, also those of a parked record that it redrives.
        self._offset = before.next_offset
        self.outcomes: Counter[Outcome] = Counter()

    def take(self, reading: Reading) -> None:
        """Decide one reading."""
        self._offset = reading.record.offset
        self.outcomes["left_out" if self._leaves_out(reading) else self._take(reading)] += 1

    def _leaves_out(self, reading: Reading) -> bool:
        only = self._circumstances.only
        if not only:
            return False
        return isinstance(reading, Unattributable | Foreign) or reading.attributed.key[1] not in only

    def _take(self, reading: Reading) -> Outcome:
        # Nearly every record, and so ahead of the others.
        if isinstance(reading, Telling):
            return self._hear(reading.attributed, reading.understood)
        match reading:
            case Foreign():
                return "foreign"
            case Unattributable(record, reason):
                self._bury(record, None, reason)
                return "unattributable"
            case Untelling(attributed) | Commanding(attributed) | Rebuilding(attributed) if not self._at_home(
                attributed
            ):
                return self._send_home(attributed)
            case Rebuilding(attributed, rebuild):
                self._log(attributed, rebuild.created, None)
                return self._rebuild(attributed, rebuild)
            case Commanding(attributed, command):
                self._log(attributed, command.created, None)
                self._redrive(attributed, command.discarded)
                return "commanded"
            case Untelling(attributed) if self._state(attributed.key).quarantined:
                self._park(attributed, None)
                return "parked"
            case Untelling(attributed, invalid):
                self._quarantine(attributed, invalid.reason)
                return "quarantined"
            case _:
                assert_never(reading)

    def _hear(self, attributed: Attributed, understood: Understood) -> Outcome:
        if not self._at_home(attributed):
            return self._send_home(attributed)
        if self._state(attributed.key).quarantined:
            self._park(attributed, None)
            return "parked"
        failure = self._apply(attributed, understood)
        if failure is not None:
            self._quarantine(attributed, failure)
        return "quarantined" if failure else "applied"

    def _number(self) -> int:
        return self._before.next_number + len(self._entries)

    def _state(self, key: AccountKey) -> AccountState:
        return self._states.get(key) or self._before_of(key)

    def _before_of(self, key: AccountKey) -> AccountState:
        return self._known.states.get(key) or AccountState(account=key[1], livemode=key[0])

    def _at_home(self, attributed: Attributed) -> bool:
        return self._circumstances.home(attributed.key[1]) == attributed.record.partition

    def _send_home(self, attributed: Attributed) -> Outcome:
        """Pass a record that lies on another account's partition on to its own: only that lane may apply it."""
        if letters.was_forwarded(attributed.record):
            self._bury(attributed.record, attributed, "the record was passed on and is still not on its partition")
        elif letters.too_large_to_forward(attributed.record):
            self._bury(attributed.record, attributed, "the record is too large to be passed on to its partition")
        else:
            self._entries.append(letters.forward(attributed, self._number()))
        return "misrouted"

    def _bury(self, record: Record, attributed: Attributed | None, reason: str) -> None:
        topic = self._circumstances.events_topic
        self._entries.append(letters.dead_letter(record, attributed, reason, self._number(), topic))

    def _apply(self, attributed: Attributed, understood: Understood) -> str | None:
        """Decide a record; where the rules fail on it or the database refuses it, why, and nothing has changed."""
        refusal = self._known.refused.get(attributed.record.offset)
        if refusal is not None:
            return refusal
        try:
            self._decide(attributed, understood.fact)
        except Exception as error:  # noqa: BLE001 - whatever a bug raises, one account waits and all others go on
            return f"the rules failed: {type(error).__name__}"
        self._log(attributed, understood.created, understood.object_id)
        return None

    def _log(self, attributed: Attributed, created: int, object_id: str | None) -> None:
        event = LoggedEvent(attributed.key, created, attributed.id, attributed.type, object_id, attributed.record)
        self._events.append(event)

    def _quarantine(self, attributed: Attributed, reason: str) -> None:
        """Keep a record that cannot be applied, and with it the account's order: what follows waits behind it."""
        self._park(attributed, reason)
        self._bury(attributed.record, attributed, reason)
        try:
            self._decide(attributed, Unusable(reason))
        except Exception:  # noqa: BLE001 - rules that fail on the account itself cannot even tell that it waits
            self._states[attributed.key] = replace(self._state(attributed.key), quarantined=True)

    def _park(self, attributed: Attributed, reason: str | None) -> None:
        parked = ParkedRecord(attributed.key, attributed.id, reason, attributed.record)
        self._parked[attributed.key] = (*self._parked.get(attributed.key, ()), parked)

    def _redrive(self, attributed: Attributed, discarded: int | None) -> None:
        """Apply what is parked, in order, until a record fails again or none is left."""
        key = attributed.key
        # Of a record that an earlier command of the batch left waiting, what the batch says is newer.
        waiting_for = (*self._known.parked.get(key, ()), *self._parked.pop(key, ()))
        by_offset = {record.record.offset: record for record in waiting_for}
        parked = [record for record in by_offset.values() if record not in self._unparked]
        waiting = remaining(parked, discarded)
        self._unparked += parked[: len(parked) - len(waiting)]
        for position, record in enumerate(waiting):
            reason = self._reapply(record)
            if reason is not None:
                self._parked[key] = (replace(record, reason=reason), *waiting[position + 1 :])
                return
            self._unparked.append(record)
        self._decide(attributed, Resumed())

    def _reapply(self, parked: ParkedRecord) -> str | None:
        """Apply a parked record as if it came now; why it cannot be, or None."""
        reading = blocked_by(parked)
        return reading if isinstance(reading, str) else self._apply(reading.attributed, reading.understood)

    def _rebuild(self, attributed: Attributed, rebuild: Rebuild) -> Outcome:
        """Put what the account's records make of it in its place, or drop the command with the reason."""
        offset = attributed.record.offset
        past = self._known.pasts[offset]
        # In a replay the account has its own numbers, and a later build's own digest.
        reason = None if self._circumstances.again else refusal(self._state(attributed.key), past, rebuild)
        reason = self._known.refused.get(offset, TOO_LONG if past is None else reason)
        if past is None or reason is not None:
            self._bury(attributed.record, attributed, reason or TOO_LONG)
            return "refused"
        decision = retell(past.state, past.released, rebuild.told, rebuild.owed)
        self._rebuilt[attributed.key] = past
        self._keep(decision, Cause(attributed.id, attributed.record.timestamp), attributed.record)
        return "rebuilt"

    def _decide(self, attributed: Attributed, fact: Fact) -> None:
        # That an account waits is told, whatever record it waits behind.
        quiet = is_quiet(attributed.record.headers) and not isinstance(fact, Unusable)
        cause = Cause(attributed.id, attributed.record.timestamp, quiet)
        decision = decide(self._state(attributed.key), fact, cause, self._circumstances.timing)
        self._keep(decision, cause, attributed.record)

    def _keep(self, decision: Decision, cause: Cause, record: Record) -> None:
        """The account as decided, and an entry for each release: the last bears the account's sequence."""
        state = decision.state
        first = state.sequence - len(decision.releases) + 1
        traceparent = brought(record.headers) if decision.releases else None
        self._entries += [
            notify(state, release, cause, Place(self._number() + further, self._offset, first + further), traceparent)
            for further, release in enumerate(decision.releases)
        ]
        self.releases += decision.releases
        self._states[state.key] = state

    def batch(self, last: Record) -> Batch:
        """Everything that changes, up to and with the record `last`."""
        return Batch(
            before=self._before,
            after=replace(self._before, next_offset=last.offset + 1, next_number=self._number(), last=taken(last)),
            accounts=[(self._written(key), state) for key, state in self._states.items()],
            transactions=list(self._transactions()),
            events=self._events,
            parked=[record for records in self._parked.values() for record in records],
            unparked=self._unparked,
            entries=self._entries,
            rebuilt=tuple(self._rebuilt),
            subjects=[subject for past in self._rebuilt.values() for subject in past.subjects],
        )

    def _written(self, key: AccountKey) -> AccountState:
        """What the tables have of an account before the batch's changes; of one that is rebuilt, nothing any more."""
        return AccountState(account=key[1], livemode=key[0]) if key in self._rebuilt else self._before_of(key)

    def _transactions(self) -> Iterator[tuple[AccountKey, TransactionEvent]]:
        """The transactions that are new or were corrected."""
        for key, state in self._states.items():
            for identity, event in state.transactions.items():
                if self._written(key).transactions.get(identity) is not event:
                    yield key, event
