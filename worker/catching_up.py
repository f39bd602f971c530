"""Catching up: what backfill and reconcile share: Stripe asked patiently, the tables, and the way to the topic."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from worker import wiring
from worker.clock import Clock, SystemClock
from worker.consumer.drift import Drift, ShownOffer, drift_of
from worker.lookup.capital_api import CapitalApi, Shown
from worker.lookup.observations import Observation, brought
from worker.lookup.persistence import Persistence
from worker.ports import Handoff
from worker.settings import Settings
from worker.store import migrations
from worker.store.alone import alone
from worker.store.connection import Pool, connect
from worker.store.known import known_offers
from worker.topic.cluster import Cluster
from worker.topic.handoff import EventsHandoff

# Appended at a time: enough to fill the client's batches, few enough to be acknowledged well within its deadline.
AT_ONCE: Final = 100
# 2018-01-01 UTC: before Stripe offered any financing.
FIRST_OFFER: Final = 1_514_764_800


class Refused(Exception):  # noqa: N818 - named for what happened
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """An offer that is not as Stripe shows it."""

    account: str
    offer: str
    shown: Shown
    read: ShownOffer | None
    drift: Drift


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Stripe, the tables and the topic, for one command that brings the one up to the other."""

    settings: Settings
    pool: Pool
    api: CapitalApi
    handoff: Handoff
    persistence: Persistence
    clock: Clock

    async def drifted(self, listed: Sequence[Shown], *, livemode: bool) -> Sequence[Found]:
        """Those that are not known as Stripe shows them. Raises Unavailable."""
        known = await known_offers(self.pool, [(one["account"], one["id"]) for one in listed], livemode=livemode)
        found = []
        for one in listed:
            read = ShownOffer.of(one)
            drift = Drift(("unreadable",)) if read is None else drift_of(known.get(one["id"]), read)
            if drift is not None:
                found.append(Found(one["account"], one["id"], one, read, drift))
        return found

    async def bring(self, found: Sequence[Found], *, livemode: bool, quiet: bool = False) -> None:
        """Put what Stripe shows of offers on the topic, for downstream to hear of. Raises HandoffFailed."""
        now = self.clock.now()
        await self.append([brought(one.shown, now, livemode=livemode, quiet=quiet) for one in found])

    async def append(self, records: Sequence[Observation]) -> None:
        """Put records on the topic, in order; on return the broker has all of them. Raises HandoffFailed."""
        for first in range(0, len(records), AT_ONCE):
            appends = [
                self.handoff.append(record.key, record.value, record.headers)
                for record in records[first : first + AT_ONCE]
            ]
            await asyncio.gather(*appends)


@asynccontextmanager
async def opened(settings: Settings, what: str) -> AsyncIterator[CatchUp]:
    """All that one command needs, while it alone does this. Raises Refused, Unavailable and SchemaMismatch."""
    async with AsyncExitStack() as stack:
        pool = await connect(settings, connections=3)
        stack.push_async_callback(pool.close)
        await migrations.verify(pool)
        if not await stack.enter_async_context(alone(pool, what)):
            raise Refused(f"another {what} is running")
        clock = SystemClock()
        api = wiring.stripe_api(settings, clock)
        stack.push_async_callback(api.close)
        handoff = EventsHandoff(Cluster.of(settings), settings.events_topic)
        stack.push_async_callback(handoff.close)
        await handoff.open()
        yield CatchUp(settings, pool, api, handoff, wiring.persistence(settings), clock)
