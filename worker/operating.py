"""Operating: what an operator's commands join parts for; they read the tables and write only to the events topic."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from worker import wiring
from worker.consumer.commands import DISCARD, REDRIVE, command_record
from worker.consumer.hot import HotAccounts
from worker.consumer.narrowing import first_refused
from worker.consumer.reading import read, wanted
from worker.consumer.redriving import remaining
from worker.consumer.rehearsal import Quarantined, Rehearsal, rehearse
from worker.ports import AccountKey, Batch, ParkedRecord, Wanted
from worker.rules.state import AccountState
from worker.settings import Settings
from worker.store import migrations
from worker.store.connection import Pool, connect
from worker.store.ledger import Ledger
from worker.topic.cluster import Cluster
from worker.topic.handoff import EventsHandoff
from worker.topic.topics import partitions_of


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Pool]:
    """The database, its schema checked, for one command. Raises Unavailable and SchemaMismatch."""
    pool = await connect(settings, connections=2)
    try:
        await migrations.verify(pool)
        yield pool
    finally:
        await pool.close()


async def parked(pool: Pool, key: AccountKey) -> Sequence[ParkedRecord]:
    """What is parked of one account, in the order it came."""
    return (await Ledger(pool, ()).parked([key])).get(key, ())


async def rehearsed(
    settings: Settings, pool: Pool, key: AccountKey, waiting: Sequence[ParkedRecord], discarded: int | None
) -> Rehearsal:
    """What the account's lane would do with a redrive, by the code that runs here and by the database's word."""
    partitions = await partitions_of(Cluster.of(settings), settings.events_topic)
    wants = wanted([read(record.record) for record in waiting])
    wants = Wanted(wants.accounts | {key}, wants.transactions, wants.updates)
    ledger = Ledger(pool, wiring.WRITERS)
    states = HotAccounts().with_loaded(wants, await ledger.load(wants))
    state = states.get(key) or AccountState(account=key[1], livemode=key[0])
    circumstances = wiring.circumstances(settings, partitions)

    def rehearsing(refused: Mapping[int, str]) -> Batch:
        return rehearse(Quarantined(state, waiting), discarded, refused, circumstances)

    async def stopping_before(offset: int) -> str | None:
        return await ledger.refusal(rehearsing({offset: ""}))

    batch = rehearsing({})
    reason = await ledger.refusal(batch)
    offsets = [parked.record.offset for parked in remaining(waiting, discarded)]
    if reason is not None and offsets:
        batch = rehearsing(await first_refused(offsets, reason, stopping_before))
    return Rehearsal.of(batch)


async def command(settings: Settings, key: AccountKey, discarded: int | None, reason: str) -> str:
    """Put a redrive (or a discard of the record at an offset) on the events topic; the command's id.

    Raises Unavailable and HandoffFailed.
    """
    kind = REDRIVE if discarded is None else DISCARD
    record = command_record(kind, key, {"reason": reason, "record_offset": discarded}, int(time.time()))
    handoff = EventsHandoff(Cluster.of(settings), settings.events_topic)
    try:
        await handoff.open()
        await handoff.append(record.key, record.value, record.headers)
    finally:
        await handoff.close()
    return record.id
