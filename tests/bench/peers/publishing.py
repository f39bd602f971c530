"""The reference loop with exactly-once publishing: a Kafka transaction overlaps the next database transaction."""

import asyncio
from collections.abc import Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from tests.bench.peers import work
from tests.bench.peers.reference import POLL_MS, Positions, write

OWED = """
SELECT partition, record_offset, id, account, value FROM outbox
WHERE partition = $1 AND record_offset >= $2 ORDER BY number
"""


async def publish(
    producer: AIOKafkaProducer, place: work.Place, told: Sequence[work.Told], positions: dict[int, int]
) -> None:
    """One Kafka transaction: the notifications, and up to which offsets everything is out."""
    async with producer.transaction():
        for row in told:
            await producer.send(
                place.told,
                row.value,
                key=row.account.encode(),
                partition=row.partition,
                headers=[("ce_id", row.id.encode())],
            )
        marker = {TopicPartition(place.topic, where): OffsetAndMetadata(at, "") for where, at in positions.items()}
        await producer.send_offsets_to_transaction(marker, place.group)


async def recover(producer: AIOKafkaProducer, pool: asyncpg.Pool, place: work.Place) -> None:
    """Publish what an earlier run committed to the database and not to Kafka."""
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(place.group)
    finally:
        await admin.close()
    for partition, position in await pool.fetch("SELECT partition, next_offset FROM kafka_offset"):
        marker = offsets.get(TopicPartition(place.topic, partition))
        rows = await pool.fetch(OWED, partition, marker.offset if marker else 0)
        await publish(producer, place, [work.Told(*row) for row in rows], {partition: position})


async def main() -> None:
    """Run until killed."""
    place = work.Place.given()
    pool = await asyncpg.create_pool(
        place.database, min_size=1, max_size=2, server_settings={"search_path": place.schema}
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=place.bootstrap, transactional_id=place.group, acks="all", max_batch_size=262_144
    )
    consumer = AIOKafkaConsumer(
        bootstrap_servers=place.bootstrap, group_id=place.group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    consumer.subscribe([place.topic], listener=Positions(consumer, pool))
    async with producer, consumer:
        await recover(producer, pool, place)
        await follow(consumer, producer, pool, place)


async def follow(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, pool: asyncpg.Pool, place: work.Place) -> None:
    """Batch after batch; a batch is published while the next is written."""
    publishing: asyncio.Task[None] | None = None
    while True:
        polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=work.BATCH)
        arrivals = [work.parsed(r.value, r.partition, r.offset) for batch in polled.values() for r in batch]
        if not arrivals:
            continue
        async with pool.acquire() as connection, connection.transaction():
            told = await write(connection, arrivals)
        if publishing is not None:
            await publishing
        positions = {arrival.partition: arrival.offset + 1 for arrival in arrivals}
        publishing = asyncio.create_task(publish(producer, place, told, positions))


if __name__ == "__main__":
    asyncio.run(main())
