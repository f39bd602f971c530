"""The reference: a bare aiokafka and asyncpg loop, 500 events a transaction, offsets inside; it publishes nothing."""

import asyncio
from collections.abc import Collection, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from asyncpg.pool import PoolConnectionProxy

from tests.bench.peers import work

POLL_MS = 100

Connection = asyncpg.Connection | PoolConnectionProxy


class Positions(ConsumerRebalanceListener):  # type: ignore[misc] # the client has no types
    """Every partition begins where the database says: Kafka's committed offsets are not used."""

    def __init__(self, consumer: AIOKafkaConsumer, pool: asyncpg.Pool) -> None:
        self._consumer = consumer
        self._pool = pool

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing is in flight between two batches."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        rows = await self._pool.fetch("SELECT partition, next_offset FROM kafka_offset")
        known = {row["partition"]: row["next_offset"] for row in rows}
        for where in assigned:
            self._consumer.seek(where, known.get(where.partition, 0))


async def write(connection: Connection, arrivals: Sequence[work.Arrival]) -> list[work.Told]:
    """One batch inside the transaction at hand: inbox, offers, outbox, offsets; the outbox rows it wrote."""
    first = work.once(arrivals)
    inbox = [work.inbox_row(arrival.event) for arrival in first.values()]
    new = {row["event_id"] for row in await connection.fetch(work.INBOX, *work.columns(inbox))}
    fresh = [arrival for identity, arrival in first.items() if identity in new]
    offers = work.strongest([arrival.event for arrival in fresh if arrival.event.milestone])
    if offers:
        await connection.execute(work.UPSERT, *work.columns([work.offer_row(event) for event in offers]))
    told = [work.told(arrival) for arrival in fresh]
    if told:
        await connection.execute(work.OUTBOX, *work.columns([work.told_row(row) for row in told]))
    positions = {arrival.partition: arrival.offset + 1 for arrival in arrivals}
    await connection.execute(work.OFFSETS, list(positions), list(positions.values()))
    return told


async def main() -> None:
    """Run until killed."""
    place = work.Place.given()
    pool = await asyncpg.create_pool(
        place.database, min_size=1, max_size=2, server_settings={"search_path": place.schema}
    )
    consumer = AIOKafkaConsumer(
        bootstrap_servers=place.bootstrap, group_id=place.group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    consumer.subscribe([place.topic], listener=Positions(consumer, pool))
    async with consumer:
        while True:
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=work.BATCH)
            arrivals = [work.parsed(r.value, r.partition, r.offset) for batch in polled.values() for r in batch]
            if arrivals:
                async with pool.acquire() as connection, connection.transaction():
                    await write(connection, arrivals)


if __name__ == "__main__":
    asyncio.run(main())
