"""What can befall a system's topics, group and tables behind its back, on the real broker and the real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.protocol.admin import DeleteGroupsRequest

from tests.journeys.system import PARTITIONS, System

SECONDS = 30
PAUSE_SECONDS = 0.1
# A code that the client has no name for.
NON_EMPTY_GROUP = 68


@asynccontextmanager
async def _administering(system: System) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=system.environ["CAPITAL_KAFKA_BOOTSTRAP"])
    async with asyncio.timeout(SECONDS):
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


async def recreate(system: System, topic: str) -> None:
    """The topic is deleted with all that belongs to it, and made anew."""
    async with _administering(system) as admin:
        await admin.delete_topics([topic])
        while True:
            answer = await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
            # The broker takes a moment to forget the old one.
            if not answer.topic_errors[0][1]:
                return
            await asyncio.sleep(PAUSE_SECONDS)


async def trim(system: System, partition: int, before: int) -> None:
    """Records of the events topic before an offset are removed, as by retention."""
    async with _administering(system) as admin:
        where = TopicPartition(system.settings.events_topic, partition)
        await admin.delete_records({where: RecordsToDelete(before_offset=before)})


async def delete_group(system: System) -> None:
    """The consumer group is deleted, and with it every marker; its members must have left."""
    async with _administering(system) as admin:
        while True:
            coordinator = await admin.find_coordinator(system.settings.consumer_group)
            request = DeleteGroupsRequest([system.settings.consumer_group])
            answer = await admin._send_request_to_node(coordinator, request)
            ((_, error),) = answer.results
            if not error:
                return
            assert error == NON_EMPTY_GROUP
            await asyncio.sleep(PAUSE_SECONDS)


async def set_marker(system: System, partition: int, offset: int) -> None:
    """What `kafka-consumer-groups --reset-offsets --to-offset` does."""
    where = TopicPartition(system.settings.events_topic, partition)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=system.environ["CAPITAL_KAFKA_BOOTSTRAP"],
        group_id=system.settings.consumer_group,
        enable_auto_commit=False,
    )
    async with asyncio.timeout(SECONDS), consumer:
        consumer.assign([where])
        await consumer.commit({where: offset})


async def markers(system: System) -> dict[int, int]:
    """Up to which offset each partition is published; partitions without a marker are left out."""
    async with _administering(system) as admin:
        offsets = await admin.list_consumer_group_offsets(system.settings.consumer_group)
    return {where.partition: meta.offset for where, meta in offsets.items() if meta.offset >= 0}


async def empty_database(system: System) -> None:
    """The schema is dropped and made anew."""
    await system.rows(f"DROP SCHEMA {system.name} CASCADE")
    await system.migrate()
