"""Operating: what an operator's commands join parts for; they read the tables and write only to the events topic."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from worker import wiring
from worker.consumer.commands import DISCARD, REDRIVE
from worker.consumer.hot import HotAccounts
from worker.consumer.reading import read, wanted
from worker.consumer.rehearsal import Rehearsal, rehearse
from worker.ports import AccountKey, ParkedRecord, Wanted
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
    """What the account's lane would do with a redrive, by the code that runs here."""
    partitions = await partitions_of(Cluster.of(settings), settings.events_topic)
    wants = wanted([read(record.record) for record in waiting])
    wants = Wanted(wants.accounts | {key}, wants.transactions, wants.updates)
    states = HotAccounts().with_loaded(wants, await Ledger(pool, ()).load(wants))
    state = states.get(key) or AccountState(account=key[1], livemode=key[0])
    return rehearse(state, waiting, discarded, wiring.circumstances(settings, partitions))


async def command(settings: Settings, key: AccountKey, discarded: int | None, reason: str) -> str:
    """Put a redrive (or a discard of the record at an offset) on the events topic; the command's id.

    Raises Unavailable and HandoffFailed.
    """
    livemode, account = key
    identity = f"cmd_{uuid4().hex}"
    kind = REDRIVE if discarded is None else DISCARD
    body = {
        "id": identity,
        "type": kind,
        "created": int(time.time()),
        "livemode": livemode,
        "account": account,
        "data": {"object": {"reason": reason, "record_offset": discarded}},
    }
    headers = {"ce_specversion": "1.0", "ce_id": identity, "ce_type": kind, "ce_source": "/capital-worker/operator"}
    handoff = EventsHandoff(Cluster.of(settings), settings.events_topic)
    await handoff.open()
    try:
        encoded = tuple((name, value.encode()) for name, value in headers.items())
        await handoff.append(account.encode(), json.dumps(body).encode(), encoded)
    finally:
        await handoff.close()
    return identity
