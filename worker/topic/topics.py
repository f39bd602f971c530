"""The topics themselves: created as the settings say, or verified; never shrunk, grown or changed silently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code

from worker.settings import Settings
from worker.topic.cluster import Cluster, administering, answered

HOUR_MS: Final = 3_600_000
# A dead letter is a record of the events topic (at most 1 MiB by default) with more headers: it must never be refused.
LETTER_BYTES: Final = 2_097_152


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it should be."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


def wanted(settings: Settings) -> Sequence[Topic]:
    """The three topics the settings ask for.

    Notifications have as many partitions as events, because a lane writes to the partition of its own number.
    """
    in_sync = "2" if settings.topic_replication > 2 else "1"  # noqa: PLR2004 - of three replicas one may be away
    events = {"retention.ms": str(settings.events_retention_hours * HOUR_MS)}
    notifications = {"retention.ms": str(settings.notifications_retention_hours * HOUR_MS)}
    shared = {"min.insync.replicas": in_sync, "cleanup.policy": "delete"}
    return [
        Topic(name, settings.topic_partitions, settings.topic_replication, config | shared)
        for name, config in (
            (settings.events_topic, events),
            (settings.notifications_topic, notifications),
            (settings.dead_letters_topic, {"retention.ms": "-1", "max.message.bytes": str(LETTER_BYTES)}),
        )
    ]


async def ensure(cluster: Cluster, topics: Sequence[Topic]) -> tuple[Sequence[str], Sequence[str]]:
    """Create what is missing; the names created, and every difference of what exists. Raises Unavailable."""
    async with administering(cluster) as admin:
        async with answered("asking for topics"):
            existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        created = await _create(admin, missing)
        present = [topic for topic in topics if topic.name in existing]
        return created, await _differences(admin, present)


async def partitions_of(cluster: Cluster, topic: str) -> int:
    """How many partitions a topic has, 0 where it does not exist. Raises Unavailable."""
    async with administering(cluster) as admin, answered("describing a topic"):
        (described,) = await admin.describe_topics([topic])
        if described["error_code"] == TopicAuthorizationFailedError.errno:
            # It would pass for a topic that does not exist.
            raise TopicAuthorizationFailedError(topic)
    return len(described["partitions"])


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> Sequence[str]:
    """The names of those created; one that came into being meanwhile was made by somebody who does the same."""
    if not topics:
        return []
    new = [
        NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=dict(topic.config)) for topic in topics
    ]
    async with answered("creating topics"):
        answer = await admin.create_topics(new)
        for name, code, *message in answer.topic_errors:
            if code not in {0, TopicAlreadyExistsError.errno}:
                raise for_code(code)(f"{name}: {message[0] if message else ''}")
    return [name for name, code, *_ in answer.topic_errors if not code]


async def _differences(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> Sequence[str]:
    """One line for each way in which a topic is not as it should be."""
    if not topics:
        return []
    async with answered("describing topics"):
        described = {topic["topic"]: topic for topic in await admin.describe_topics([t.name for t in topics])}
    lines = []
    for topic in topics:
        partitions = described[topic.name]["partitions"]
        found = {"partitions": len(partitions), "replication": min(len(p["replicas"]) for p in partitions)}
        asked = {"partitions": topic.partitions, "replication": topic.replication}
        lines += [_difference(topic, name, found[name], asked[name]) for name in asked if found[name] != asked[name]]
        config = await _config(admin, topic.name)
        lines += [
            _difference(topic, name, config.get(name), value)
            for name, value in topic.config.items()
            if config.get(name) != value
        ]
    return lines


async def _config(admin: AIOKafkaAdminClient, name: str) -> Mapping[str, str]:
    async with answered("describing a topic's configuration"):
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        resources = [resource for answer in answers for resource in answer.resources]
        for code, message, *_ in resources:
            if code:
                raise for_code(code)(f"{name}: {message or ''}")
    return {entry[0]: entry[1] for resource in resources for entry in resource[4]}


def _difference(topic: Topic, name: str, found: object, asked: object) -> str:
    return f"{topic.name}: {name} is {found}, the settings say {asked}"
