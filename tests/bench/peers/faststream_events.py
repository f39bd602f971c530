"""FastStream as its documentation shows it: a handler and a transaction for each event, with 8 workers."""

import asyncio

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from tests.bench.peers import work

WORKERS = 8


class Handler:
    """One event, one transaction."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def __call__(self, event: work.Event, message: KafkaMessage) -> None:
        record = message.raw_message
        arrival = work.Arrival(event, record.partition, record.offset)
        async with self._pool.acquire() as connection, connection.transaction():
            new = await connection.fetch(work.INBOX, *work.columns([work.inbox_row(event)]))
            if not new:
                return
            if event.milestone:
                await connection.execute(work.UPSERT, *work.columns([work.offer_row(event)]))
            await connection.execute(work.OUTBOX, *work.columns([work.told_row(work.told(arrival))]))


async def main() -> None:
    """Run until killed."""
    place = work.Place.given()
    pool = await asyncpg.create_pool(
        place.database, min_size=WORKERS, max_size=WORKERS, server_settings={"search_path": place.schema}
    )
    broker = KafkaBroker(place.bootstrap)
    handler = Handler(pool)
    subscribe = broker.subscriber(
        place.topic,
        group_id=place.group,
        auto_offset_reset="earliest",
        max_workers=WORKERS,
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )

    async def handle(event: work.Event, message: KafkaMessage) -> None:
        await handler(event, message)

    subscribe(handle)
    await FastStream(broker).run()


if __name__ == "__main__":
    asyncio.run(main())
