"""One broker under the contract tests, in memory or real: its parts, and what tests do to it behind their backs."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from tests.contract import fakes
from tests.journeys.reading import Topic
from tests.journeys.system import PARTITIONS, System
from worker import ports
from worker.ports import Destination, Headers, Record, Unavailable
from worker.topic.cluster import Cluster
from worker.topic.handoff import EventsHandoff
from worker.topic.partitioning import home_of
from worker.topic.publisher import LanePublisher
from worker.topic.source import PartitionSource

# A commit is acknowledged before its markers are written; a transaction that a test leaves open never ends.
MARKERS_SECONDS = 3


class Wire(Protocol):
    """What a contract test needs of a broker with four partitions."""

    async def source(self, partition: int) -> ports.Source: ...

    async def handoff(self) -> ports.Handoff: ...

    async def publisher(self, partition: int, dies: fakes.Death = "") -> ports.Publisher: ...

    async def visible(self, destination: Destination) -> Sequence[Record]: ...

    async def write(self, value: bytes | None, key: bytes | None = None, headers: Headers = ()) -> Record: ...

    async def trim(self, partition: int, before: int) -> None: ...


class FakeWire:
    """A broker in memory."""

    def __init__(self) -> None:
        self._broker = fakes.Broker(PARTITIONS)

    async def source(self, partition: int) -> ports.Source:
        return fakes.Source(self._broker, partition)

    async def handoff(self) -> ports.Handoff:
        return fakes.Handoff(self._broker)

    async def publisher(self, partition: int, dies: fakes.Death = "") -> ports.Publisher:
        publisher = fakes.Publisher(self._broker, partition)
        publisher.dies = dies
        return publisher

    async def visible(self, destination: Destination) -> Sequence[Record]:
        return self._broker.records(destination)

    async def write(self, value: bytes | None, key: bytes | None = None, headers: Headers = ()) -> Record:
        partition = home_of((key or b"").decode(), PARTITIONS)
        return await self._broker.append("events", partition, key, value, headers)

    async def trim(self, partition: int, before: int) -> None:
        self._broker.beginnings[partition] = before


class RealWire:
    """The real broker, with topics of its own."""

    def __init__(self, system: System) -> None:
        self._cluster = Cluster.of(system.settings)
        self._group = system.settings.consumer_group
        self._topics: dict[Destination, str] = {
            "events": system.settings.events_topic,
            "notifications": system.settings.notifications_topic,
            "dead_letters": system.settings.dead_letters_topic,
        }
        self._opened = AsyncExitStack()

    async def close(self) -> None:
        await self._opened.aclose()

    async def source(self, partition: int) -> ports.Source:
        source = PartitionSource(self._cluster, self._topics["events"], partition)
        self._opened.push_async_callback(source.close)
        await source.open()
        return source

    async def handoff(self) -> ports.Handoff:
        handoff = EventsHandoff(self._cluster, self._topics["events"])
        self._opened.push_async_callback(handoff.close)
        await handoff.open()
        return handoff

    async def publisher(self, partition: int, dies: fakes.Death = "") -> ports.Publisher:
        publisher = LanePublisher(self._cluster, self._topics, self._group, partition)
        self._opened.push_async_callback(publisher.close)
        if dies:
            _die(publisher, dies)
        return publisher

    async def visible(self, destination: Destination) -> Sequence[Record]:
        topic = self._topic(destination)
        await topic.settled(MARKERS_SECONDS)
        return await topic.records()

    async def write(self, value: bytes | None, key: bytes | None = None, headers: Headers = ()) -> Record:
        return await self._topic("events").write(value, key, headers)

    async def trim(self, partition: int, before: int) -> None:
        admin = AIOKafkaAdminClient(**self._cluster.options)
        await admin.start()
        try:
            where = TopicPartition(self._topics["events"], partition)
            await admin.delete_records({where: RecordsToDelete(before_offset=before)})
        finally:
            await admin.close()

    def _topic(self, destination: Destination) -> Topic:
        return Topic(self._cluster.options["bootstrap_servers"], self._topics[destination])


def _die(publisher: LanePublisher, when: fakes.Death) -> None:
    """End the publisher's next transaction as a crash would: before its commit, or before the commit's answer."""
    commit = publisher._producer.commit_transaction

    async def dying() -> None:
        if when == "after the commit":
            await commit()
        raise Unavailable("the process died")

    publisher._producer.commit_transaction = dying
