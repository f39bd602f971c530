import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.contract.wires import Wire
from tests.ingress.handoff import Handoff as IngressHandoff
from tests.journeys.silence import silent
from tests.journeys.system import PARTITIONS, System
from worker.embedded import Kafka
from worker.ports import HandoffFailed, Headers
from worker.topic import handoff as real
from worker.topic.cluster import Cluster
from worker.topic.partitioning import home_of
from worker.topic.topics import Topic, ensure

SECONDS = 60
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


async def test_a_broker_that_does_not_answer_in_time_fails_the_handoff(system: System, kafka: Kafka) -> None:
    await system.topics()
    async with opened(system) as patient, opened(system, append_seconds=0.2) as hurried:
        await patient.append(b"acct_1", b"before", ())
        kafka.brokers[0].pause()
        try:
            with pytest.raises(HandoffFailed):
                await hurried.append(b"acct_1", b"during", ())
        finally:
            kafka.brokers[0].resume()
        await patient.append(b"acct_1", b"after", ())
    # What was given up on may have been written all the same; what was acknowledged must be there.
    written = [record.value for record in await system.events_topic.records()]
    assert [value for value in written if value != b"during"] == [b"before", b"after"]


async def test_the_ingress_tests_fake_fails_as_the_real_one_does() -> None:
    handoff = IngressHandoff(fails=True)
    with pytest.raises(HandoffFailed):
        await handoff.append(b"acct_1", b"", ())
    assert handoff.records == []


@asynccontextmanager
async def opened(system: System, append_seconds: float = real.APPEND_SECONDS) -> AsyncIterator[real.EventsHandoff]:
    handoff = real.EventsHandoff(Cluster.of(system.settings), system.settings.events_topic, append_seconds)
    try:
        await handoff.open()
        yield handoff
    finally:
        await handoff.close()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 - the cluster gives no signal
            await asyncio.sleep(0.05)


async def test_a_producer_that_a_refused_record_broke_is_replaced_by_a_new_one(system: System) -> None:
    small = {"max.message.bytes": "2000"}
    await ensure(Cluster.of(system.settings), [Topic(system.settings.events_topic, 1, 1, small)])
    async with opened(system) as handoff:
        await handoff.append(b"acct_1", b"before", ())
        with pytest.raises(HandoffFailed):
            await handoff.append(b"acct_1", b"x" * 5_000, ())

        async def taken() -> bool:
            # Through the first producer it never would be: the refused record's number is missing.
            with suppress(HandoffFailed):
                await handoff.append(b"acct_1", b"after", ())
                return True
            return False

        await until(taken)
        assert handoff.trouble() is None
    assert [record.value for record in await system.events_topic.records()] == [b"before", b"after"]


async def test_nothing_holds_on_to_a_record_that_was_refused(system: System) -> None:
    small = {"max.message.bytes": "2000"}
    await ensure(Cluster.of(system.settings), [Topic(system.settings.events_topic, 1, 1, small)])
    body = bytes(5_000)

    async def refused() -> bool:
        # Not `pytest.raises`, which keeps the frames of what was raised.
        try:
            await handoff.append(b"acct_1", body, ())
        except HandoffFailed:
            return True
        return False

    async def let_go() -> bool:
        return sys.getrefcount(body) == held

    async with opened(system) as handoff:
        # Not even until the next search for rings of garbage, which is rare.
        gc.disable()
        try:
            held = sys.getrefcount(body)
            assert await refused()
            await until(let_go)
        finally:
            gc.enable()


async def test_a_handoff_without_a_connection_takes_nothing_and_says_so(system: System) -> None:
    handoff = real.EventsHandoff(Cluster.of(system.settings), system.settings.events_topic)
    assert handoff.trouble() == "no connection to Kafka yet"
    with pytest.raises(HandoffFailed):
        await handoff.append(b"acct_1", b"", ())
    await handoff.close()


async def test_a_cluster_that_falls_silent_is_trouble_until_it_answers_again(
    system: System, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(real, "SILENT_SECONDS", 1)
    await system.topics()
    async with opened(system) as handoff:

        async def told() -> bool:
            return (handoff.trouble() or "").startswith("no answer from Kafka for ")

        async def well() -> bool:
            return handoff.trouble() is None

        assert await well()
        async with silent(kafka):
            await until(told)
        await until(well)


async def test_appends_that_all_fail_are_trouble_for_as_long_as_they_are_tried(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real, "SILENT_SECONDS", 0.5)
    # The cluster answers, and takes no record at all.
    unwritable = {"max.message.bytes": "1"}
    await ensure(Cluster.of(system.settings), [Topic(system.settings.events_topic, 1, 1, unwritable)])
    monkeypatch.setattr(real, "ASK_SECONDS", 0.05)
    async with opened(system) as handoff:

        async def told() -> bool:
            with pytest.raises(HandoffFailed):
                await handoff.append(b"acct_1", b"", ())
            return (handoff.trouble() or "").startswith("no record acknowledged by Kafka for ")

        async def forgotten() -> bool:
            return handoff.trouble() is None

        await until(told)
        await until(forgotten)
