"""What only the real client can show of a source: what its contract says is in tests/contract."""

import asyncio

from tests.journeys.system import PARTITIONS, System
from worker.metrics import REGISTRY
from worker.topic.cluster import Cluster
from worker.topic.handoff import EventsHandoff
from worker.topic.partitioning import home_of
from worker.topic.source import PartitionSource

KEY = b"acct_1"
HOME = home_of("acct_1", PARTITIONS)


def lag() -> float | None:
    return REGISTRY.get_sample_value("capital_lane_lag_records", {"partition": str(HOME)})


async def test_a_partition_s_lag_is_what_its_lane_has_yet_to_take(system: System) -> None:
    await system.topics()
    cluster, topic = Cluster.of(system.settings), system.settings.events_topic
    handoff = EventsHandoff(cluster, topic)
    await handoff.open()
    await asyncio.gather(*(handoff.append(KEY, str(number).encode(), ()) for number in range(5)))
    await handoff.close()
    source = PartitionSource(cluster, topic, HOME)
    await source.open()
    await source.seek(0)
    assert len(await source.poll(2, 15)) == 2
    assert lag() == 3
    assert len(await source.poll(5, 15)) == 3
    assert lag() == 0
    await source.close()
    assert lag() is None, "whoever has the partition next counts it"
