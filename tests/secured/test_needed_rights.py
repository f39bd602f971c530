"""Each right of the manifests is taken away in turn: whoever needs it says so by name, and goes on when it is back."""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.journeys import mishaps
from tests.journeys.system import PARTITIONS, System
from tests.journeys.webhooks import offer_event
from tests.secured.acting import acting
from tests.secured.guarded_kafka import GuardedKafka
from tests.secured.users import Grant, users
from worker import operating, settings
from worker.cli import setup
from worker.ports import Unavailable
from worker.settings import Role, Settings
from worker.topic.cluster import Cluster, answered
from worker.topic.partitioning import home_of
from worker.topic.source import PartitionSource

EVENTS, NOTIFICATIONS, LETTERS = "stripe.capital.events", "capital.notifications", "stripe.capital.dead-letters"
RIGHTS: Final[Sequence[Grant]] = [grant for granted in users().values() for grant in granted]
ROLES: Final[dict[str, Role]] = {
    "capital-ingress": "ingress",
    "capital-consume": "consume",
    "capital-lookup": "lookup",
}
ACCOUNT = "acct_needed"
NUMBERS = count()


@dataclass(frozen=True)
class Place:
    """Where rights are taken and given back."""

    system: System
    kafka: GuardedKafka
    admin: AIOKafkaAdminClient

    def environ(self, user: str) -> dict[str, str]:
        """Of a process of this user that leaves its group at once when it ends."""
        return self.system.environ | self.kafka.environ(user) | {"CAPITAL_GROUP_INSTANCE_ID": ""}


@pytest.fixture
def place(secured: System, granted: GuardedKafka, admin: AIOKafkaAdminClient) -> Place:
    return Place(secured, granted, admin)


def event() -> bytes:
    number = next(NUMBERS)
    return offer_event(f"evt_needed_{number}", account=ACCOUNT, id=f"financingoffer_needed_{number}")


async def telling(system: System) -> None:
    """A record that is to be told."""
    await system.events_topic.write(event(), ACCOUNT.encode())


async def burying(system: System) -> None:
    """A record that names nobody."""
    await system.events_topic.write(b"{}", ACCOUNT.encode())


async def passing_on(system: System) -> None:
    """A record on another account's partition."""
    home = home_of(ACCOUNT, PARTITIONS)
    elsewhere = next(key for key in map(str, count()) if home_of(key, PARTITIONS) != home)
    await system.events_topic.write(event(), elsewhere.encode())


# What a consumer does only when there is a reason: by topic and operation.
REASONS: Final[dict[tuple[str, str], Callable[[System], Awaitable[None]]]] = {
    (NOTIFICATIONS, "Write"): telling,
    (LETTERS, "Write"): burying,
    (EVENTS, "Write"): passing_on,
}


# First: the marker of a partition that never told anything cannot be proven, and the tests below make such ones.
async def test_a_lost_marker_is_not_proven_without_reading_notifications(place: Place) -> None:
    (reads,) = [right for right in RIGHTS if (right.name, right.operation) == (NOTIFICATIONS, "Read")]
    environ = place.environ(reads.user)
    async with acting("consume", environ):
        await telling(place.system)
        await place.system.caught_up()
        identity = f"live:financingoffer_needed_{next(NUMBERS) - 1}:created"
        await place.system.settled([identity])
    await mishaps.delete_group(place.system)
    await reads.take(place.admin)
    try:
        async with acting("consume", environ) as consume:
            await consume.until(lambda: consume.unready and consume.complains("Authorization", reads.name), "refused")
            await reads.give(place.admin)
            await consume.until(lambda: not consume.unready, "ready again")
    finally:
        await reads.give(place.admin)


@pytest.mark.parametrize(
    "right",
    [right for right in RIGHTS if right.user in ROLES and (right.name, right.operation) != (NOTIFICATIONS, "Read")],
    ids=lambda right: f"{right.user} {right.operation} {right.name}",
)
async def test_a_role_that_misses_a_right_says_which_and_is_not_ready_until_it_has_it(
    place: Place, right: Grant
) -> None:
    reason = REASONS.get((right.name, right.operation)) if right.user == "capital-consume" else None
    await right.take(place.admin)
    try:
        async with acting(ROLES[right.user], place.environ(right.user)) as role:
            if reason:
                await role.until(lambda: not role.unready, "ready")
                await reason(place.system)
            await role.until(lambda: role.unready and role.complains("Authorization", right.name), f"missing {right}")
            await right.give(place.admin)
            await role.until(lambda: not role.unready, "ready again")
    finally:
        await right.give(place.admin)


async def topics(used: Settings) -> None:
    assert await setup.ensure_topics(used, argparse.Namespace()) == 0


async def append(used: Settings) -> None:
    await operating.command(used, (True, "acct_nobody"), None, "a test")


async def read(used: Settings) -> None:
    source = PartitionSource(Cluster.of(used), used.events_topic, home_of(ACCOUNT, PARTITIONS))
    try:
        await source.open()
        await source.seek(await source.beginning())
        assert await source.poll(1, 5)
    finally:
        await source.close()


async def compare(used: Settings) -> None:
    """What an autoscaler asks: where the topic ends, and how far the group is."""
    consumer = AIOKafkaConsumer(**Cluster.of(used).options, group_id=used.consumer_group, enable_auto_commit=False)
    where = TopicPartition(used.events_topic, 0)
    # This client's own words name nothing; an autoscaler has words of its own.
    async with answered(f"comparing group {used.consumer_group} with {used.events_topic}"), consumer:
        consumer.assign([where])
        await consumer.committed(where)
        await consumer.end_offsets([where])


WORK: Final[dict[str, Callable[[Settings], Awaitable[None]]]] = {
    "capital-topics": topics,
    "capital-operator Read": read,
    "capital-operator Write": append,
    "capital-scaler": compare,
}


@pytest.mark.parametrize(
    "right",
    [right for right in RIGHTS if right.user not in ROLES],
    ids=lambda right: f"{right.user} {right.operation} {right.name}",
)
async def test_work_that_misses_a_right_says_which(place: Place, right: Grant) -> None:
    work = WORK.get(right.user) or WORK[f"{right.user} {right.operation}"]
    attempt = partial(work, settings.load("redrive", place.environ(right.user)))
    await burying(place.system)
    await right.take(place.admin)
    try:
        with pytest.raises(Unavailable) as refused:
            await attempt()
    finally:
        await right.give(place.admin)
    assert "Authorization" in str(refused.value)
    assert right.name in str(refused.value)
    await attempt()
