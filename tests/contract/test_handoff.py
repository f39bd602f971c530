import pytest

from tests.contract.wires import Wire
from tests.ingress.handoff import Handoff as IngressHandoff
from tests.journeys.system import PARTITIONS, System
from worker.embedded import Kafka
from worker.ports import HandoffFailed, Headers
from worker.topic import handoff as real
from worker.topic.cluster import Cluster
from worker.topic.partitioning import home_of

HEADERS: Headers = (("ce_id", b"evt_1"), ("twice", b"\x00\xff"), ("twice", b""))


async def test_an_appended_record_is_on_its_account_s_partition_byte_for_byte(wire: Wire) -> None:
    handoff = await wire.handoff()
    for account in ("acct_1", "acct_2", "acct_3"):
        await handoff.append(account.encode(), b"\x00any bytes" + account.encode(), HEADERS)
    visible = {record.key: record for record in await wire.visible("events")}
    assert visible.keys() == {b"acct_1", b"acct_2", b"acct_3"}
    for key, record in visible.items():
        assert key is not None
        assert record.value == b"\x00any bytes" + key
        assert record.headers == HEADERS
        assert record.partition == home_of(key.decode(), PARTITIONS)


async def test_records_of_one_key_are_in_the_order_they_were_appended(wire: Wire) -> None:
    handoff = await wire.handoff()
    for number in range(20):
        await handoff.append(b"acct_1", str(number).encode(), ())
    assert [record.value for record in await wire.visible("events")] == [str(n).encode() for n in range(20)]


async def test_a_broker_that_does_not_answer_in_time_fails_the_handoff(
    system: System, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await system.topics()
    handoff = real.EventsHandoff(Cluster.of(system.settings), system.settings.events_topic)
    await handoff.open()
    try:
        await handoff.append(b"acct_1", b"before", ())
        kafka.brokers[0].pause()
        try:
            with monkeypatch.context() as hurried:
                hurried.setattr(real, "APPEND_SECONDS", 0.2)
                with pytest.raises(HandoffFailed):
                    await handoff.append(b"acct_1", b"during", ())
        finally:
            kafka.brokers[0].resume()
        await handoff.append(b"acct_1", b"after", ())
    finally:
        await handoff.close()
    # What was given up on may have been written all the same; what was acknowledged must be there.
    written = [record.value for record in await system.events_topic.records()]
    assert [value for value in written if value != b"during"] == [b"before", b"after"]


async def test_the_ingress_tests_fake_fails_as_the_real_one_does() -> None:
    handoff = IngressHandoff(fails=True)
    with pytest.raises(HandoffFailed):
        await handoff.append(b"acct_1", b"", ())
    assert handoff.records == []
