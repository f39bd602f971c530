"""Topics, users and the scaler are for the topics, groups and transactional ids that the code uses."""

import inspect
from collections.abc import Mapping
from typing import Any

import pytest

from tests.deploy.manifests import OVERLAYS, rendered
from tests.deploy.test_manifests import settings_of
from tests.deploy.workloads import workloads
from worker.settings import Settings
from worker.topic.publisher import LanePublisher
from worker.topic.topics import wanted


def settings(place: str) -> Settings:
    return settings_of(place, next(one for one in workloads(rendered(place)) if one.role == "consume"))


def users(place: str) -> Mapping[str, Any]:
    return {
        one["metadata"]["name"]: {
            (acl["resource"]["type"], acl["resource"]["name"], acl["resource"]["patternType"]): set(acl["operations"])
            for acl in one["spec"]["authorization"]["acls"]
        }
        for one in rendered(place)
        if one["kind"] == "KafkaUser"
    }


@pytest.mark.parametrize("place", OVERLAYS)
def test_topics_are_as_the_code_would_make_them(place: str) -> None:
    topics = {
        one["metadata"]["name"]: (one["spec"]["partitions"], one["spec"]["replicas"], one["spec"]["config"])
        for one in rendered(place)
        if one["kind"] == "KafkaTopic"
    }
    assert topics == {
        topic.name: (topic.partitions, topic.replication, topic.config) for topic in wanted(settings(place))
    }


@pytest.mark.parametrize("place", OVERLAYS)
def test_each_workload_that_talks_to_kafka_does_so_as_a_user_there_is(place: str) -> None:
    names = {settings_of(place, workload).kafka_sasl_username for workload in workloads(rendered(place))}
    assert names - {""} == users(place).keys() - {"capital-scaler"}


@pytest.mark.parametrize("place", OVERLAYS)
def test_rights_are_for_the_topics_group_and_transactions_in_use(place: str) -> None:
    used = settings(place)
    topics = {used.events_topic, used.notifications_topic, used.dead_letters_topic}
    named = {
        ("group", used.consumer_group, "literal"),
        ("transactionalId", f"{used.consumer_group}.", "prefix"),
        *(("topic", topic, "literal") for topic in topics),
    }
    assert {resource for acls in users(place).values() for resource in acls} == named
    # What the prefix is the beginning of.
    assert "f\"{group}.{topics['events']}.{partition}\"" in inspect.getsource(LanePublisher)


@pytest.mark.parametrize("place", OVERLAYS)
def test_only_consumers_write_what_downstream_reads(place: str) -> None:
    notifications = ("topic", settings(place).notifications_topic, "literal")
    writing = {name for name, acls in users(place).items() if "Write" in acls.get(notifications, ())}
    assert writing == {"capital-consume"}


def test_the_scaler_watches_what_consumers_read_and_stays_within_the_partitions() -> None:
    used = settings("production")
    (scaler,) = (one["spec"] for one in rendered("production") if one["kind"] == "ScaledObject")
    (trigger,) = scaler["triggers"]
    watched = trigger["metadata"]
    assert watched["bootstrapServers"] == used.kafka_bootstrap
    assert (watched["consumerGroup"], watched["topic"]) == (used.consumer_group, used.events_topic)
    assert scaler["maxReplicaCount"] <= used.topic_partitions
    (consume,) = (one for one in rendered("production") if one["kind"] == "StatefulSet")
    assert scaler["scaleTargetRef"]["name"] == consume["metadata"]["name"]
    assert "replicas" not in consume["spec"], "two would say how many there are"
