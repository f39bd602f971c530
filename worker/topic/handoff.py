"""Handing off: a record appended to the events topic and acknowledged by every in-sync replica, or not reported."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from worker.deadline import Deadline
from worker.ports import HandoffFailed, Headers, Unavailable
from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go
from worker.topic.partitioning import home_of_key

APPEND_SECONDS: Final = 5
# How often the cluster is asked whether it is there; traffic that is acknowledged does not tell of its own absence.
ASK_SECONDS: Final = 3
# Without a word for so long, nobody should send anything here.
SILENT_SECONDS: Final = 10
# And after this a new connection is tried, whatever has become of the old one.
LOST_SECONDS: Final = 60


class EventsHandoff:
    """The events topic, as the ingress and the lookup role write to it (see `worker.ports.Handoff`).

    A batch that the broker refuses leaves a gap in an idempotent producer's numbers, and every later batch of that
    partition is refused for it, for ever: such a producer is replaced.
    """

    def __init__(self, cluster: Cluster, topic: str, append_seconds: float = APPEND_SECONDS) -> None:
        self._cluster = cluster
        self._topic = topic
        self._deadline = Deadline(append_seconds)
        self._producer = self._made()
        self._stale: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._attending: asyncio.Task[None] | None = None
        self._trouble: str | None = "no connection to Kafka yet"
        self._answered_at = monotonic()
        self._failing: tuple[float, float] | None = None

    def _made(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            **self._cluster.options,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            max_batch_size=262_144,
            # A webhook is at most 256 KiB, and its headers come on top.
            max_request_size=1_048_576,
        )

    async def open(self) -> None:
        """Reach the cluster. Raises Unavailable."""
        await self._start(self._producer)
        self._trouble = None
        self._answered_at = monotonic()
        self._attending = asyncio.create_task(self._attend())

    async def _start(self, producer: AIOKafkaProducer) -> None:
        async with answered(f"opening the hand-off to {self._topic}", CALL_SECONDS):
            await producer.start()
            # From here on its view of the cluster holds this topic, and no other.
            await producer.partitions_for(self._topic)

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        """Return once every in-sync replica has the record; raises HandoffFailed after 5 s without that word.

        A record given up on may still be written later: the client keeps trying, and readers tell repeats by id.
        """
        if self._attending is None:
            raise HandoffFailed("kafka: not connected yet")
        producer = self._producer
        try:
            with self._deadline.granted():
                home = _home(producer, self._topic, key)
                # The future has no name: a failure in it would hold this frame, and this frame it, until a search for
                # garbage. And the client is told the partition, which it would work out in Python for each record.
                await (await producer.send(self._topic, value, key=key, partition=home, headers=list(headers)))
        except (TimeoutError, KafkaError, OSError) as error:
            self._note_failure()
            if isinstance(error, KafkaError) and producer is self._producer:
                self._broken.set()
            raise HandoffFailed(f"kafka: appending an event: {type(error).__name__}") from error
        self._answered_at, self._failing = monotonic(), None

    def _note_failure(self) -> None:
        now = monotonic()
        since, _ = self._failing or (now, now)
        self._failing = (since, now)

    def trouble(self) -> str | None:
        """None while the cluster answers and takes records, as far as is known; else why nobody should send any."""
        if self._trouble is not None:
            return self._trouble
        now = monotonic()
        if now - self._answered_at > SILENT_SECONDS:
            return f"no answer from Kafka for {now - self._answered_at:.0f} s"
        since, last = self._failing or (now, now)
        # Some time after nobody tries any more, it is worth another try.
        if now - since > SILENT_SECONDS >= now - last:
            return f"no record acknowledged by Kafka for {now - since:.0f} s"
        return None

    async def _attend(self) -> None:
        """Ask for a sign of life now and then, and replace a producer that is broken."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_SECONDS):
                    await self._broken.wait()
            if self._broken.is_set() or monotonic() - self._answered_at > LOST_SECONDS:
                await self._renew()
            await self._ask()

    async def _ask(self) -> None:
        client = self._producer.client
        with suppress(TimeoutError):
            async with asyncio.timeout(APPEND_SECONDS):
                if await client.force_metadata_update():
                    self._answered_at = monotonic()
        led = client.cluster.available_partitions_for_topic(self._topic)
        self._trouble = None if led else f"no partition of {self._topic} has a leader"

    async def _renew(self) -> None:
        """Take a new producer's word from here on; what the old one still holds was promised to nobody."""
        self._broken.clear()
        fresh, reached = self._made(), False
        try:
            await self._start(fresh)
            reached = True
        except Unavailable:
            # The old one may come to life again, and an append that it refuses leads here again.
            return
        finally:
            if not reached:
                await let_go(fresh.stop)
        self._stale, self._producer = self._producer, fresh
        structlog.get_logger().warning("handoff.renewed", topic=self._topic)
        await self._drop_stale()

    async def _drop_stale(self) -> None:
        if self._stale is not None:
            await let_go(self._stale.stop)
            self._stale = None

    async def close(self) -> None:
        """Flush and let go; what the broker does not take in time was never acknowledged to anybody."""
        if self._attending is not None:
            self._attending.cancel()
            await asyncio.wait({self._attending})
        await self._drop_stale()
        await let_go(self._producer.stop)


def _home(producer: AIOKafkaProducer, topic: str, key: bytes) -> int | None:
    """The partition of a key, so that the client need not hash it again; None leaves that to the client."""
    partitions = producer.client.cluster.partitions_for_topic(topic)
    return home_of_key(key, len(partitions)) if partitions else None
