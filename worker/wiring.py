"""Wiring: the one place that joins parts into roles; it decides nothing but who works with whom."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from worker import metrics
from worker.attending import until_stopped
from worker.clock import Clock, SystemClock
from worker.consumer.brake import Brake, Limits
from worker.consumer.deliberation import Circumstances
from worker.consumer.hot import MOST_OFFERS
from worker.consumer.keeper import Keeper, LaneFactory
from worker.consumer.lane import Lane, Parts
from worker.health import Health, HealthApp
from worker.http import HttpLimits, HttpServer
from worker.ingress.app import Ingress
from worker.ingress.bodies import Bodies, BodyLimits
from worker.ingress.refusals import Refusals
from worker.ingress.signature import Signatures
from worker.lookup.capital_api import CapitalApi
from worker.lookup.pace import Pace
from worker.lookup.persistence import Persistence
from worker.lookup.resolver import Resolver
from worker.outbox.entries import Outbox, write_entries
from worker.ports import Destination, Unavailable
from worker.relay.relay import Relay
from worker.rotation import Rotation
from worker.rules.draft import Timing
from worker.settings import Settings
from worker.starting import collect_rarely, patiently
from worker.store import migrations
from worker.store.account_rows import write_accounts
from worker.store.census import Census
from worker.store.connection import Pool, connect
from worker.store.event_log import write_events
from worker.store.held_rows import write_holds
from worker.store.ledger import Ledger
from worker.store.link_rows import write_links
from worker.store.lookup_rows import write_lookups
from worker.store.offer_rows import write_offers
from worker.store.parking import write_parked
from worker.store.questions import LookupQuestions
from worker.store.rebuilt_rows import forget_rebuilt
from worker.store.summary_rows import write_summaries
from worker.store.transaction_rows import write_transactions
from worker.topic.cluster import Cluster
from worker.topic.handoff import EventsHandoff
from worker.topic.membership import Group, GroupMembership
from worker.topic.partitioning import home_of
from worker.topic.publisher import LanePublisher
from worker.topic.source import PartitionSource
from worker.topic.topics import partitions_of

# What is rebuilt goes first; else the order does not matter. All of it is one transaction.
WRITERS = (
    forget_rebuilt,
    write_events,
    write_accounts,
    write_offers,
    write_holds,
    write_links,
    write_transactions,
    write_summaries,
    write_lookups,
    write_parked,
    write_entries,
)


# The share of the drain time in which work may finish; letting go of a silent broker takes a few seconds, too.
FINISHING = 0.5


@dataclass(frozen=True, slots=True)
class Process:
    """What all roles of one process share."""

    settings: Settings
    stop: asyncio.Event
    rotation: Rotation
    clock: SystemClock = field(default_factory=SystemClock)
    health: Health = field(default_factory=Health)

    @property
    def cluster(self) -> Cluster:
        """How to reach Kafka."""
        return Cluster.of(self.settings)

    @property
    def finish_seconds(self) -> float:
        """How long work may take to finish once told to; what is left is for letting go of connections."""
        return self.settings.drain_seconds * FINISHING

    def database_url(self) -> str:
        """Where Postgres is, with the password of now."""
        return self.rotation.settings.database_url


async def ingress(process: Process) -> None:
    """Take webhooks until told to stop, then answer what is in flight.

    It listens at once: while Kafka is not reached, webhooks are answered 503, and probes learn why.
    """
    settings = process.settings
    collect_rarely()
    process.health.register("ingress", _well, _starting)
    async with AsyncExitStack() as stack:
        handoff = EventsHandoff(process.cluster, settings.events_topic)
        stack.push_async_callback(handoff.close)
        server = HttpServer(
            _webhooks(process, handoff),
            settings.ingress_host,
            settings.ingress_port,
            HttpLimits(connections=settings.ingress_connections),
        )
        await server.start()
        stack.push_async_callback(server.stop, process.finish_seconds)
        await patiently(process.stop, partial(_existing, process, settings.events_topic))
        await patiently(process.stop, handoff.open)
        process.health.register("ingress", _well, handoff.trouble)
        await process.stop.wait()


def _webhooks(process: Process, handoff: EventsHandoff) -> Ingress:
    signatures = Signatures(process.rotation.settings.webhook_secrets)
    process.rotation.follow(lambda fresh: signatures.trust(fresh.webhook_secrets))
    pages = HealthApp(process.health)
    refusals = Refusals(process.clock)
    return Ingress(handoff, signatures, pages, bodies=Bodies(BodyLimits()), refusals=refusals)


async def consume(process: Process) -> None:
    """Keep lanes until told to stop, then let each finish and publish what it took."""
    settings = process.settings
    collect_rarely()
    process.health.register("lanes", _well, _starting)
    partitions = await patiently(process.stop, partial(_existing, process, settings.events_topic))
    async with AsyncExitStack() as stack:
        pool = await patiently(process.stop, partial(connect, settings, url=process.database_url, by_key=True))
        stack.push_async_callback(pool.close)
        await patiently(process.stop, partial(migrations.verify, pool))
        metrics.PARTITIONS.set(partitions)
        keeper = Keeper(partial(_membership, process), lanes(process, pool, partitions), process.clock)
        process.health.register("lanes", keeper.alive, keeper.ready)
        await until_stopped(keeper, process.stop, process.finish_seconds)


def _membership(process: Process) -> GroupMembership:
    settings = process.settings
    group = Group(
        settings.consumer_group, settings.events_topic, settings.group_instance_id, settings.session_timeout_seconds
    )
    return GroupMembership(process.cluster, group)


def lanes(process: Process, pool: Pool, partitions: int) -> LaneFactory:
    """How to begin the lane of a partition; leaving its context lets go of everything it held."""
    settings, cluster = process.settings, process.cluster
    topics: dict[Destination, str] = {
        "events": settings.events_topic,
        "notifications": settings.notifications_topic,
        "dead_letters": settings.dead_letters_topic,
    }
    deciding = circumstances(settings, partitions)
    ledger, outbox = Ledger(pool, WRITERS), Outbox(pool)
    limits = Limits(settings.brake_count, settings.brake_ratio, settings.brake_window_seconds)
    # A brake that forgot with its lane would let a few more pass at each restart.
    brakes = defaultdict[int, Brake](partial(Brake, limits, process.clock))
    owner = settings.group_instance_id or f"{socket.gethostname()}"

    @asynccontextmanager
    async def begin(partition: int) -> AsyncIterator[Lane]:
        async with AsyncExitStack() as stack:
            source = PartitionSource(cluster, settings.events_topic, partition)
            stack.push_async_callback(source.close)
            await source.open()
            publisher = LanePublisher(cluster, topics, settings.consumer_group, partition)
            relay = Relay(publisher, outbox, process.clock)
            stack.push_async_callback(relay.close)
            process.health.register(f"relay {partition}", relay.alive, _well)
            stack.callback(process.health.forget, f"relay {partition}")
            parts = Parts(source, ledger, relay, process.clock, brakes[partition], deciding)
            yield Lane(partition, owner, settings.batch_size, parts)

    return begin


def circumstances(settings: Settings, partitions: int) -> Circumstances:
    """What deciding depends on, for a topic of so many partitions."""
    discount = tuple(int(seconds * 1000) for seconds in settings.discount_schedule_seconds)
    timing = Timing(int(settings.order_grace_seconds * 1000), int(settings.gate_grace_seconds * 1000), discount)
    home = partial(home_of, partitions=partitions)
    return Circumstances(timing, home, settings.events_topic, most_offers=MOST_OFFERS // partitions)


async def lookup(process: Process) -> None:
    """Ask Stripe what the rules want to know until told to stop, then finish what is being asked."""
    settings = process.settings
    process.health.register("lookup", _well, _starting)
    async with AsyncExitStack() as stack:
        pool = await patiently(
            process.stop, partial(connect, settings, connections=4, url=process.database_url, by_key=True)
        )
        stack.push_async_callback(pool.close)
        await patiently(process.stop, partial(migrations.verify, pool))
        handoff = EventsHandoff(process.cluster, settings.events_topic)
        stack.push_async_callback(handoff.close)
        await patiently(process.stop, handoff.open)
        # With the key of now: it may have been changed while this waited for its servers.
        api = stripe_api(process.rotation.settings, process.clock)
        stack.push_async_callback(api.close)
        process.rotation.follow(lambda fresh: api.use(fresh.stripe_api_key))
        resolver = Resolver(LookupQuestions(pool), api, handoff, persistence(settings), process.clock)
        process.health.register(
            "lookup", resolver.alive, lambda: resolver.ready() or handoff.trouble(), resolver.remark
        )
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        census = tasks.create_task(Census(pool, process.clock).run())
        stack.callback(census.cancel)
        await until_stopped(resolver, process.stop, process.finish_seconds)


def stripe_api(settings: Settings, clock: Clock) -> CapitalApi:
    """Stripe, asked at the pace that the settings allow one process."""
    return CapitalApi(
        settings.stripe_api_key, settings.stripe_api_base, Pace(settings.lookup_requests_per_second, clock)
    )


def persistence(settings: Settings) -> Persistence:
    """How hard to try to have Stripe answer."""
    return Persistence(settings.lookup_attempts, settings.lookup_backoff_seconds, settings.lookup_concurrency)


async def serve(process: Process) -> None:
    """All roles in one process."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lookup(process))
        tasks.create_task(ingress(process))
        tasks.create_task(consume(process))


async def _existing(process: Process, topic: str) -> int:
    """How many partitions a topic has. Raises Unavailable while it does not exist."""
    partitions = await partitions_of(process.cluster, topic)
    if not partitions:
        raise Unavailable(f"kafka: topic {topic} does not exist: run `capital-worker topics`")
    return partitions


def _starting() -> str:
    """What a part says from the beginning, so that nobody takes a process for ready that still waits for a server."""
    return "starting"


def _well() -> None:
    """Nothing to report: this part serves as long as the process does."""
