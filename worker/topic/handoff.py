"""Handing off: a record appended to the events topic and acknowledged by every in-sync replica, or not reported."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from worker.ports import HandoffFailed, Headers
from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go

APPEND_SECONDS: Final = 5


class EventsHandoff:
    """The events topic, as the ingress and the lookup role write to it (see `worker.ports.Handoff`)."""

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self._topic = topic
        self._producer = AIOKafkaProducer(
            **cluster.options,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            max_batch_size=262_144,
            # A webhook is at most 256 KiB, and its headers come on top.
            max_request_size=1_048_576,
        )

    async def open(self) -> None:
        """Reach the cluster. Raises Unavailable."""
        async with answered("opening the hand-off", CALL_SECONDS):
            await self._producer.start()

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        """Return once every in-sync replica has the record; raises HandoffFailed after 5 s without that word.

        A record given up on may still be written later: the client keeps trying, and readers tell repeats by id.
        """
        try:
            async with asyncio.timeout(APPEND_SECONDS):
                await self._producer.send_and_wait(self._topic, value, key=key, headers=list(headers))
        except (TimeoutError, KafkaError, OSError) as error:
            raise HandoffFailed(f"kafka: appending an event: {type(error).__name__}") from error

    async def close(self) -> None:
        """Flush and let go; what the broker does not take in time was never acknowledged to anybody."""
        await let_go(self._producer.stop)
