import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.journeys.system import System
from worker.ports import Unavailable
from worker.topic.cluster import Cluster
from worker.topic.markers import read_marker


async def test_an_answer_without_the_partition_is_not_taken_for_a_lost_marker(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object, **__: object) -> dict[TopicPartition, object]:
        """What the client makes of the answer of a broker that is not the group's coordinator any more."""
        return {}

    monkeypatch.setattr(AIOKafkaAdminClient, "list_consumer_group_offsets", nothing)
    with pytest.raises(Unavailable, match="coordinator has moved"):
        await read_marker(Cluster.of(system.settings), "group", TopicPartition("events", 0))
