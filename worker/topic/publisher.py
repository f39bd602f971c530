"""Publishing in transactions: entries and the lane's published-through marker become visible together or not at all."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import OffsetAndMetadata

from worker.ports import Destination, Entry
from worker.topic.cloud_events import headers_of
from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go
from worker.topic.markers import read_marker
from worker.topic.tail import last_id
from worker.topic.topics import LETTER_BYTES

TRANSACTION_MS: Final = 15_000
# In some hundredths of all transactions the broker answers the marker with "coordinator not available", because it
# still writes down that the group takes part; a millisecond later it would not. The client's 100 ms are far too long.
AGAIN_MS: Final = 10


class LanePublisher:
    """The topics, as one lane writes to them (see `worker.ports.Publisher`).

    One `transactional.id` a lane: opening it ends whatever an earlier owner had begun, so that what the marker
    then says is final.
    """

    def __init__(self, cluster: Cluster, topics: Mapping[Destination, str], group: str, partition: int) -> None:
        self._cluster = cluster
        self._topics = topics
        self._group = group
        self._where = TopicPartition(topics["events"], partition)
        self._producer = AIOKafkaProducer(
            **{**cluster.options, "retry_backoff_ms": AGAIN_MS},
            transactional_id=f"{group}.{topics['events']}.{partition}",
            transaction_timeout_ms=TRANSACTION_MS,
            acks="all",
            linger_ms=0,
            max_batch_size=262_144,
            max_request_size=LETTER_BYTES,
        )

    async def open(self) -> int | None:
        """Settle every transaction begun before under this lane's name; the marker, None where there is none."""
        async with answered("opening a transactional producer", CALL_SECONDS):
            await self._producer.start()
        return await read_marker(self._cluster, self._group, self._where)

    async def last_told(self) -> str | None:
        """The id of the last notification that readers of this lane's partition see, None where they see none."""
        where = TopicPartition(self._topics["notifications"], self._where.partition)
        return await last_id(self._cluster, where)

    async def publish(self, entries: Sequence[Entry], marker: int) -> None:
        """Make the entries visible and the marker known, both or neither."""
        async with answered(f"publishing for {self._where.topic}-{self._where.partition}", TRANSACTION_MS / 1000):
            await self._producer.begin_transaction()
            told = [entry for entry in entries if entry.destination == "notifications"]
            sent = [await self._tell(batch) for batch in self._batches(told)]
            sent += [await self._send(entry) for entry in entries if entry.destination != "notifications"]
            await self._producer.send_offsets_to_transaction({self._where: OffsetAndMetadata(marker, "")}, self._group)
            await self._producer.commit_transaction()
            # The commit waited for all of them; a failed one must not pass for published.
            for acknowledgement in sent:
                acknowledgement.result()

    def _batches(self, entries: Sequence[Entry]) -> Iterator[BatchBuilder]:
        """Entries as the client's batches: a third of the cost of handing it each by itself."""
        batch = self._producer.create_batch()
        for entry in entries:
            record = {"timestamp": None, "key": entry.key, "value": entry.value, "headers": list(headers_of(entry))}
            if batch.append(**record) is None:
                yield batch
                # An empty batch takes a record of any size.
                batch = self._producer.create_batch()
                batch.append(**record)
        if batch.record_count():
            yield batch

    async def _tell(self, batch: BatchBuilder) -> "asyncio.Future[object]":
        """Notifications go to the partition of the same number as the lane."""
        topic, partition = self._topics["notifications"], self._where.partition
        return _given_up(await self._producer.send_batch(batch, topic, partition=partition))

    async def _send(self, entry: Entry) -> "asyncio.Future[object]":
        """The rest goes where its key leads."""
        return _given_up(
            await self._producer.send(
                self._topics[entry.destination], entry.value, key=entry.key or None, headers=list(headers_of(entry))
            )
        )

    async def close(self) -> None:
        """Let go of the connection, aborting what was begun."""
        await let_go(self._producer.stop)


def _given_up(future: "asyncio.Future[object]") -> "asyncio.Future[object]":
    """When a step fails, the rest is given up: a failure nobody asked for would be logged later, data and all."""
    future.add_done_callback(_retrieved)
    return future


def _retrieved(future: "asyncio.Future[object]") -> None:
    if not future.cancelled():
        future.exception()
