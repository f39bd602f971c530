"""A broker that takes connections and answers nothing, and is itself again afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from worker.embedded import Kafka
from worker.ports import Unavailable
from worker.settings import Settings
from worker.topic.cluster import Cluster
from worker.topic.topics import Topic, ensure

AWAKE_SECONDS = 60
# It can answer once or twice before it is shut out.
LASTING = 10
_numbers = count(1)


@asynccontextmanager
async def silent(kafka: Kafka) -> AsyncIterator[None]:
    """Silent inside; on leaving it has got over that, which takes a while: the cluster shuts it out, and in again."""
    kafka.brokers[0].pause()
    try:
        yield
    finally:
        kafka.brokers[0].resume()
        async with asyncio.timeout(AWAKE_SECONDS):
            successes = 0
            while successes < LASTING:
                successes = successes + 1 if await _makes_topics(kafka) else 0


async def _makes_topics(kafka: Kafka) -> bool:
    cluster = Cluster.of(Settings(kafka_bootstrap=kafka.bootstrap))
    try:
        await ensure(cluster, [Topic(f"awake{next(_numbers)}", 1, 1, {})])
    except Unavailable:
        return False
    return True
