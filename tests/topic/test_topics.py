import pytest

from tests.journeys.system import System
from worker.settings import Settings
from worker.topic import topics
from worker.topic.cluster import Cluster


@pytest.mark.parametrize(("replication", "in_sync"), [(1, "1"), (2, "1"), (3, "2")])
def test_of_three_replicas_one_may_be_away_and_writes_still_succeed(replication: int, in_sync: str) -> None:
    for topic in topics.wanted(Settings(topic_replication=replication)):
        assert topic.config["min.insync.replicas"] == in_sync


def test_notifications_have_as_many_partitions_as_events_and_dead_letters_are_kept_for_ever() -> None:
    events, notifications, letters = topics.wanted(Settings(topic_partitions=7, events_retention_hours=2))
    assert events.partitions == notifications.partitions == 7
    assert events.config["retention.ms"] == "7200000"
    assert letters.config["retention.ms"] == "-1"
    assert {topic.config["cleanup.policy"] for topic in (events, notifications, letters)} == {"delete"}


async def test_what_is_created_is_what_was_wanted(system: System) -> None:
    cluster, wanted = Cluster.of(system.settings), topics.wanted(system.settings)
    assert await topics.ensure(cluster, wanted) == ([topic.name for topic in wanted], [])
    assert await topics.ensure(cluster, wanted) == ([], [])
    for topic in wanted:
        assert await topics.partitions_of(cluster, topic.name) == topic.partitions


async def test_a_topic_that_does_not_exist_has_no_partitions(system: System) -> None:
    assert await topics.partitions_of(Cluster.of(system.settings), "nobody.made.this") == 0
