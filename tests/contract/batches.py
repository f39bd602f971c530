"""Batches as a lane makes them, decided from records by the lane's own code; nothing here touches a server."""

from collections.abc import Iterable, Sequence

from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.hot import HotAccounts
from worker.consumer.reading import commanded, read, wanted
from worker.ports import AccountKey, Batch, Headers, Ledger, Position, Record, Wanted
from worker.rules.draft import Timing
from worker.simulator.events import Event

PARTITION = 0
HOME = Circumstances(Timing(), home=lambda _account: PARTITION, events_topic="events")
FIRST_MS = 1_735_578_000_000


def record(value: bytes | None, offset: int, headers: Headers = (), key: bytes | None = b"key") -> Record:
    """A record at an offset, appended a second after the one before."""
    return Record(PARTITION, offset, FIRST_MS + offset * 1000, key, value, headers)


def records(events: Iterable[Event | bytes], first: int = 0) -> list[Record]:
    """Records from an offset on."""
    return [
        record(event.body if isinstance(event, Event) else event, offset) for offset, event in enumerate(events, first)
    ]


async def decided(ledger: Ledger, before: Position, taken: Sequence[Record]) -> Batch:
    """What a lane with nothing in memory would commit for these records."""
    readings = [read(item) for item in taken]
    commands = commanded(readings)
    parked = await ledger.parked(commands) if commands else {}
    waiting = [read(behind.record) for waits in parked.values() for behind in waits]
    wants = wanted([*readings, *waiting])
    states = HotAccounts().with_loaded(wants, await ledger.load(wants))
    deliberation = Deliberation(before, Known(states, parked), HOME)
    for reading in readings:
        deliberation.take(reading)
    return deliberation.batch(taken[-1])


async def committed(ledger: Ledger, before: Position, taken: Sequence[Record]) -> Batch:
    """The same, committed."""
    batch = await decided(ledger, before, taken)
    await ledger.commit(batch)
    return batch


def everything(keys: Iterable[AccountKey]) -> Wanted:
    """All that is known of these accounts but their transactions."""
    return Wanted(frozenset(keys))
