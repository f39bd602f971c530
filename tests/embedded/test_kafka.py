import asyncio
import os
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from worker.embedded import Kafka
from worker.embedded.errors import EmbeddedError, FolderInUseError, PortTakenError, ServerFailedError
from worker.embedded.free_ports import free_ports
from worker.embedded.metadata_request import known_brokers

from . import topics


async def test_a_record_that_was_written_can_be_read(kafka: Kafka) -> None:
    assert await topics.read(kafka.bootstrap, "kept") == [b"value"]


async def test_a_killed_broker_comes_back_on_its_port_with_every_record(kafka: Kafka) -> None:
    (broker,) = kafka.brokers
    bootstrap, pid = kafka.bootstrap, broker.pid
    await topics.create(kafka.bootstrap, "killed")
    await topics.write(kafka.bootstrap, "killed", b"before")
    broker.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await broker.restart()
    await topics.write(kafka.bootstrap, "killed", b"after")
    assert (await topics.read(bootstrap, "killed"), kafka.bootstrap) == ([b"before", b"after"], bootstrap)


async def test_a_paused_broker_is_silent_and_a_resumed_one_answers(kafka: Kafka) -> None:
    (broker,) = kafka.brokers
    broker.pause()
    assert await known_brokers("127.0.0.1", broker.port) == frozenset()
    broker.resume()
    assert await topics.read(kafka.bootstrap, "kept") == [b"value"]


async def test_a_topic_that_nobody_made_does_not_come_into_being(kafka: Kafka) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, request_timeout_ms=500)
    await producer.start()
    with pytest.raises(KafkaError):
        async with asyncio.timeout(topics.SECONDS):
            await producer.send_and_wait("misspelt", b"value")
    await producer.stop()


async def test_a_started_kafka_is_not_started_twice_on_its_folder(kafka: Kafka) -> None:
    with pytest.raises(FolderInUseError):
        await kafka.start()
    assert await topics.read(kafka.bootstrap, "kept") == [b"value"]


async def test_a_stopped_kafka_can_be_started_by_another_and_again_on_its_port(kafka: Kafka) -> None:
    bootstrap = kafka.bootstrap
    await kafka.stop()
    await kafka.stop()
    async with Kafka(kafka._folder) as later:
        assert await topics.read(later.bootstrap, "kept") == [b"value"]
    await kafka.start()
    assert kafka.bootstrap == bootstrap
    assert await topics.read(bootstrap, "kept") == [b"value"]


async def test_a_broker_that_cannot_start_shows_why(kafka: Kafka) -> None:
    (broker,) = kafka.brokers
    await broker.stop()
    identity = broker._data / "meta.properties"
    identity.write_text(identity.read_text().replace("node.id=1", "node.id=2"))
    try:
        with pytest.raises(ServerFailedError, match="Stored node id 2 doesn't match previous node id 1"):
            await broker.start()
    finally:
        identity.write_text(identity.read_text().replace("node.id=2", "node.id=1"))
        await broker.start()


async def test_a_port_that_is_taken_meanwhile_is_told_apart(kafka: Kafka) -> None:
    (broker,) = kafka.brokers
    await broker.stop()
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", broker.port):
        with pytest.raises(PortTakenError):
            await broker.start()
    await broker.start()


async def test_a_first_start_takes_other_ports_when_one_was_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as other:
        taken = other.sockets[0].getsockname()[1]
        offers = iter([[taken, *free_ports(1)]])
        monkeypatch.setattr("worker.embedded.kafka.free_ports", lambda count: next(offers, free_ports(count)))
        async with Kafka(folder) as kafka:
            (broker,) = kafka.brokers
            assert broker.port != taken
            assert await known_brokers("127.0.0.1", broker.port) == {1}


async def test_three_brokers_replicate_and_outlive_a_kill_of_one(cluster: Kafka) -> None:
    assert await topics.setting(cluster.bootstrap, "kept", "min.insync.replicas") == "2"
    first, second, third = cluster.brokers
    first.kill()
    survivors = f"{second.bootstrap},{third.bootstrap}"
    await topics.write(survivors, "kept", b"two")
    await first.restart()
    assert await topics.read(first.bootstrap, "kept") == [b"three", b"two"]
    assert await known_brokers("127.0.0.1", first.port) == {1, 2, 3}


async def test_all_of_three_brokers_come_back_together(cluster: Kafka) -> None:
    for broker in cluster.brokers:
        broker.kill()
    await asyncio.gather(*(broker.restart() for broker in cluster.brokers))
    assert (await topics.read(cluster.bootstrap, "kept"))[0] == b"three"


def test_a_cluster_has_one_or_three_brokers(folder: Path) -> None:
    with pytest.raises(ValueError, match="not 2"):
        Kafka(folder, brokers=2)


def test_addresses_are_not_known_before_the_start(folder: Path) -> None:
    with pytest.raises(EmbeddedError):
        _ = Kafka(folder).bootstrap
