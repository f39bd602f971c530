"""What is measured: this system's `consume` and the peers, each as processes of their own, on names of their own."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.bench.loads import Load, Row
from tests.bench.peers import work
from tests.bench.place import Place
from tests.journeys.child import Child
from tests.journeys.reading import Topic
from tests.journeys.system import ROOT, System
from worker.embedded.free_ports import free_ports
from worker.simulator.oracle import Notification
from worker.topic import topics
from worker.topic.cluster import Cluster

RUNNING_SECONDS = 30


class Run(Protocol):
    """One subject on one load.

    `begun` counts what is in the database; `done` reaches `goal` when everything is there and, where it publishes, out.
    """

    goal: int

    @property
    def children(self) -> Sequence[Child]: ...

    async def prepare(self) -> None: ...

    async def begun(self) -> int: ...

    async def done(self) -> int: ...

    async def told(self) -> Sequence[Notification]: ...

    async def rows(self) -> Mapping[str, Row]: ...

    async def close(self) -> None:
        """Its tables go, too: what it leaves, autovacuum would clean up in the next one's time."""


class Markers:
    """Up to where a group committed offsets on a topic, all partitions together."""

    def __init__(self, place: Place, group: str, topic: str) -> None:
        self._group = group
        self._where = [TopicPartition(topic, partition) for partition in range(place.partitions[topic])]
        self._admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka.bootstrap)
        self._begun = False

    async def read(self) -> int:
        if not self._begun:
            await self._admin.start()
            self._begun = True
        offsets = await self._admin.list_consumer_group_offsets(self._group, partitions=self._where)
        return sum(max(0, offset.offset) for offset in offsets.values())

    async def close(self) -> None:
        await self._admin.close()


class SystemRun:
    """This system: `consume`, unchanged, as one process or more."""

    def __init__(self, place: Place, load: Load, topic: str, name: str, *, owners: int = 1) -> None:
        self._place = place
        self._name = name
        folder = place.folder / name
        self._system = System(name, place.kafka.bootstrap, place.postgres.url, folder)
        self._system.environ |= {
            **load.settings,
            "CAPITAL_EVENTS_TOPIC": topic,
            "CAPITAL_TOPIC_PARTITIONS": str(place.partitions[topic]),
        }
        self.children = tuple(self._child(number) for number in range(owners))
        self.goal = len(load.messages)
        self._lanes = place.partitions[topic]
        self._markers = Markers(place, name, topic)

    def _child(self, number: int) -> Child:
        health = free_ports(1)[0]
        changes = {"CAPITAL_HEALTH_PORT": str(health), "CAPITAL_GROUP_INSTANCE_ID": f"owner-{number}"}
        environ = self._system._environment(changes)
        log = self._system._folder / f"owner-{number}.log"
        return Child([sys.executable, "-m", "worker", "consume"], ROOT, environ, log, health)

    async def prepare(self) -> None:
        await self._system.migrate()
        settings = self._system.settings
        await topics.ensure(
            Cluster.of(settings), [topic for topic in topics.wanted(settings) if topic.name != settings.events_topic]
        )

    async def begun(self) -> int:
        """Nothing before every lane has begun: connecting happens once in a lane's life, and is no part of a drain."""
        query = (
            f"SELECT count(*) FILTER (WHERE next_offset > 0), coalesce(sum(next_offset), 0) FROM {self._name}.cursor"
        )
        ((lanes, done),) = await self._place.database.fetch(query)
        return int(done) if lanes == self._lanes else 0

    async def done(self) -> int:
        return await self._markers.read()

    async def told(self) -> Sequence[Notification]:
        records = await self._system.notifications_topic.records()
        headers = [dict(record.headers) for record in records]
        return [(h["ce_id"].decode(), h["ce_partitionkey"].decode(), int(h["ce_sequence"])) for h in headers]

    async def rows(self) -> Mapping[str, Row]:
        query = "SELECT offer_id, status, accepted_advance_amount, original_offer_id, discount_state FROM offer"
        found = await self.query(query)
        return {str(row[0]): Row(*row[1:]) for row in found}  # type: ignore[arg-type] # as the query says

    async def query(self, query: str) -> Sequence[tuple[object, ...]]:
        """What a query finds in this run's tables."""
        return await self._system.rows(query)

    async def close(self) -> None:
        await self._markers.close()
        await self._place.drop(self._name)


class PeerRun:
    """A peer, by the name of its module. `publishes`: what it tells is read from its topic, else from its outbox."""

    def __init__(self, place: Place, load: Load, topic: str, name: str, module: str) -> None:
        self._place = place
        self._schema = name
        self._told = f"{name}.told"
        self._topic = topic
        self._publishes = module == "publishing"
        environ = {
            "PEER_KAFKA": place.kafka.bootstrap,
            "PEER_DATABASE": place.postgres.url,
            "PEER_SCHEMA": name,
            "PEER_TOPIC": topic,
            "PEER_TOLD": self._told,
            "PEER_GROUP": name,
        }
        command = [sys.executable, "-m", f"tests.bench.peers.{module}"]
        self.children = (Child(command, ROOT, environ, place.folder / f"{name}.log", 0),)
        self.goal = len(load.messages) if self._publishes else len({message.value for message in load.messages})
        self._markers = Markers(place, name, topic)

    async def prepare(self) -> None:
        await self._place.database.execute(f"CREATE SCHEMA {self._schema}; SET search_path = {self._schema}")
        await self._place.database.execute(work.TABLES)
        if self._publishes:
            await self._place.create(self._told, self._place.partitions[self._topic])

    async def begun(self) -> int:
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {self._schema}.outbox_number_seq"
        return int(await self._place.database.fetchval(query))

    async def done(self) -> int:
        if self._publishes:
            return await self._markers.read()
        reached = await self.begun()
        # The sequence runs ahead of the commit, so at the end the rows are counted.
        if reached < self.goal:
            return reached
        return int(await self._place.database.fetchval(f"SELECT count(*) FROM {self._schema}.outbox"))

    async def told(self) -> Sequence[Notification]:
        """Peers number nothing, so each account's are numbered as they were read."""
        numbers: Counter[str] = Counter()
        found: list[Notification] = []
        for identity, account in await self._read():
            numbers[account] += 1
            found.append((identity, account, numbers[account]))
        return found

    async def _read(self) -> Sequence[tuple[str, str]]:
        if self._publishes:
            records = await Topic(self._place.kafka.bootstrap, self._told).records()
            return [(dict(record.headers)["ce_id"].decode(), (record.key or b"").decode()) for record in records]
        query = f"SELECT id, account FROM {self._schema}.outbox ORDER BY number"
        return [(row[0], row[1]) for row in await self._place.database.fetch(query)]

    async def rows(self) -> Mapping[str, Row]:
        query = f"SELECT offer_id, status, accepted_advance_amount FROM {self._schema}.offer"
        return {row[0]: Row(row[1], row[2]) for row in await self._place.database.fetch(query)}

    async def close(self) -> None:
        await self._markers.close()
        await self._place.drop(self._schema)


def differing(rows: Mapping[str, Row], stated: Mapping[str, Row], *, whole: bool) -> int:
    """How many offers' rows are not as stated; of a peer's, only what peers know."""
    known = tuple(asdict(Row(""))) if whole else ("status", "accepted_advance_amount")
    return sum(
        1
        for offer, row in stated.items()
        for found in [rows.get(offer)]
        if found is None or any(getattr(row, n) is not None and getattr(row, n) != getattr(found, n) for n in known)
    )
