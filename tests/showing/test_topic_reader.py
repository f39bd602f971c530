"""The reader against a real broker: committed records, from the beginning, and no longer than asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from worker.embedded import Kafka
from worker.ports import Unavailable
from worker.settings import Settings
from worker.topic import topics
from worker.topic.cluster import Cluster
from worker.topic.reader import TopicReader

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def cluster(kafka: Kafka) -> Cluster:
    return Cluster.of(Settings(kafka_bootstrap=kafka.bootstrap))


async def create(cluster: Cluster, name: str) -> None:
    await topics.ensure(cluster, [topics.Topic(name, 2, 1, {})])


@asynccontextmanager
async def transactional(cluster: Cluster, name: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**cluster.options, transactional_id=name)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def write(producer: AIOKafkaProducer, topic: str, *values: bytes, commit: bool = True) -> None:
    await producer.begin_transaction()
    for number, value in enumerate(values):
        await producer.send_and_wait(topic, value, partition=number % 2)
    await (producer.commit_transaction() if commit else producer.abort_transaction())


async def test_to_the_end_reads_what_was_committed_and_nothing_that_was_aborted(cluster: Cluster) -> None:
    await create(cluster, "ends")
    async with transactional(cluster, "ends") as producer:
        await write(producer, "ends", b"one", b"two")
        await write(producer, "ends", b"never", commit=False)
        await write(producer, "ends", b"three")
        async with TopicReader.opened(cluster, "ends") as reader:
            read = await reader.to_the_end(20)
    assert sorted(record.value or b"" for record in read) == [b"one", b"three", b"two"]
    assert [record.value for record in read if record.partition == 0] == [b"one", b"three"]


async def test_an_empty_topic_is_at_its_end_at_once(cluster: Cluster) -> None:
    await create(cluster, "empty")
    async with TopicReader.opened(cluster, "empty") as reader:
        assert await reader.to_the_end(20) == []


async def test_records_come_as_they_are_committed_and_end_with_quiet(cluster: Cluster) -> None:
    await create(cluster, "quiet")
    async with transactional(cluster, "quiet") as producer, TopicReader.opened(cluster, "quiet") as reader:
        reading = asyncio.create_task(anext(reader.records()))
        await write(producer, "quiet", b"one")
        async with asyncio.timeout(20):
            assert (await reading).value == b"one"
        await write(producer, "quiet", b"two")
        assert [record.value async for record in reader.records(quiet_seconds=1)] == [b"two"]


async def test_a_topic_that_does_not_exist_is_unavailable(cluster: Cluster) -> None:
    with pytest.raises(Unavailable, match="nowhere does not exist"):
        async with TopicReader.opened(cluster, "nowhere"):
            pass


async def test_a_cluster_that_does_not_answer_is_unavailable() -> None:
    silent = Cluster.of(Settings(kafka_bootstrap="127.0.0.1:1"))
    with pytest.raises(Unavailable):
        async with TopicReader.opened(silent, "any"):
            pass
