import asyncio
from collections.abc import Iterable

import pytest

from tests.consumer.lanes import CLOCK, SECONDS, Held, header
from tests.contract.entries import dead_letter, entry
from tests.contract.fakes import Broker, Ledger, Outbox, Publisher, Tables
from worker.metrics import REGISTRY
from worker.ports import Batch, Entry, Fenced, Misplaced, Position, Unavailable
from worker.relay import relay as module
from worker.relay.relay import Relay


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def relay(broker: Broker, tables: Tables) -> Relay:
    return Relay(Publisher(broker, 0), Outbox(tables), CLOCK)


async def owing(tables: Tables, entries: Iterable[Entry], next_offset: int) -> Position:
    """A partition whose committed batches owe these."""
    before = await Ledger(tables).claim(0, "one", 0)
    after = Position(0, before.epoch, next_offset, 1_000)
    await Ledger(tables).commit(Batch(before, after, [], [], [], [], [], tuple(entries)))
    return after


def told(broker: Broker) -> list[str]:
    return [header(record, "ce_id") for record in broker.records("notifications")]


def names(numbers: Iterable[int]) -> list[str]:
    return [f"live:{number}:x" for number in numbers]


async def test_a_new_lane_makes_its_marker_known_before_anything_else(relay: Relay, broker: Broker) -> None:
    await relay.open(Position(0, 1, 17, 1))
    assert broker.markers == {0: 17}
    assert told(broker) == []


async def test_what_an_earlier_owner_left_is_published_at_the_opening(
    relay: Relay, broker: Broker, tables: Tables
) -> None:
    broker.markers[0] = 0
    position = await owing(tables, [entry(1, 0), dead_letter(2, 0), entry(3, 2)], 3)
    await relay.open(position)
    assert told(broker) == names([1, 3])
    assert len(broker.records("dead_letters")) == 1
    assert broker.markers[0] == 3


async def test_nothing_before_the_marker_is_published_again(relay: Relay, broker: Broker, tables: Tables) -> None:
    broker.markers[0] = 2
    position = await owing(tables, [entry(number, number) for number in range(1, 5)], 5)
    await relay.open(position)
    assert told(broker) == names([2, 3, 4])


async def test_a_backlog_is_published_in_pages_that_never_split_a_record(
    relay: Relay, broker: Broker, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_TRANSACTION", 4)
    broker.markers[0] = 0
    offsets = [0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 3, 9]
    position = await owing(tables, [entry(number, offset) for number, offset in enumerate(offsets, 1)], 12)
    await relay.open(position)
    assert told(broker) == names(range(1, len(offsets) + 1))
    assert broker.transactions == [6, 6, 1]
    assert broker.markers[0] == 12


async def test_a_lost_marker_is_proven_by_the_last_notification_that_readers_see(
    relay: Relay, broker: Broker, tables: Tables
) -> None:
    broker.markers[0] = 0
    position = await owing(tables, [entry(number, number) for number in range(1, 5)], 5)
    first = Publisher(broker, 0)
    await first.open()
    await first.publish([entry(1, 1), entry(2, 2)], 3)
    del broker.markers[0]
    await relay.open(position)
    assert told(broker) == names([1, 2, 3, 4])
    assert broker.markers[0] == 5


async def test_an_owner_that_slept_through_another_s_beginning_is_fenced_and_misses_no_marker(
    broker: Broker, tables: Tables
) -> None:
    class Sleeping(Publisher):
        async def open(self) -> int | None:
            marker = await super().open()
            await Relay(Publisher(broker, 0), Outbox(tables), CLOCK).open(Position(0, 2, 0, 1))
            await owing(tables, [entry(1, 0)], 1)
            return marker

    with pytest.raises(Fenced):
        await Relay(Sleeping(broker, 0), Outbox(tables), CLOCK).open(Position(0, 1, 0, 1))


async def test_a_lost_marker_that_nothing_proves_stops_the_lane(relay: Relay, broker: Broker, tables: Tables) -> None:
    position = await owing(tables, [entry(1, 1)], 5)
    with pytest.raises(Misplaced, match="published-through marker is gone"):
        await relay.open(position)
    assert told(broker) == []
    assert broker.markers == {}


async def test_what_a_replaced_topic_still_owes_is_published_before_anything_of_the_new_one(
    relay: Relay, broker: Broker, tables: Tables
) -> None:
    position = await owing(tables, [entry(number, number - 10) for number in range(1, 5)], 0)
    first = Publisher(broker, 0)
    await first.open()
    await first.publish([entry(1, -9), entry(2, -8)], 0)
    del broker.markers[0]
    await relay.open(position)
    assert told(broker) == names([1, 2, 3, 4])
    assert broker.markers == {0: 0}


async def test_notifications_that_a_new_database_does_not_know_stop_the_lane(relay: Relay, broker: Broker) -> None:
    first = Publisher(broker, 0)
    await first.open()
    await first.publish([entry(1, 1)], 2)
    del broker.markers[0]
    with pytest.raises(Misplaced, match="does not know the last notification on the topic"):
        await relay.open(Position(0, 1, 0, 1))
    assert told(broker) == names([1])


async def test_a_new_database_derives_again_from_a_whole_topic_what_was_published(relay: Relay, broker: Broker) -> None:
    broker.markers[0] = 10
    await relay.open(Position(0, 1, 0, 1))
    assert broker.markers[0] == 10


async def test_a_new_database_whose_topic_has_lost_what_was_published_stops_the_lane(
    relay: Relay, broker: Broker
) -> None:
    broker.markers[0] = 10
    with pytest.raises(Misplaced, match="no longer has what came before offset 5"):
        await relay.open(Position(0, 1, 5, 1))
    assert broker.markers[0] == 10


async def test_a_new_lane_on_an_old_topic_that_nothing_was_published_of_begins_where_the_topic_does(
    relay: Relay, broker: Broker
) -> None:
    for _ in range(2):
        await relay.open(Position(0, 1, 5, 1))
    assert broker.markers[0] == 5


async def test_batches_are_published_in_the_order_they_were_committed_and_all_before_the_end(
    relay: Relay, broker: Broker
) -> None:
    await relay.open(Position(0, 1, 0, 1))
    running = asyncio.create_task(relay.run())
    for offset in range(20):
        await relay.submit([entry(offset + 1, offset)], offset + 1)
    await relay.finish()
    async with asyncio.timeout(SECONDS):
        await running
    assert told(broker) == names(range(1, 21))
    assert broker.markers[0] == 20


async def test_batches_that_wait_share_one_transaction_up_to_its_size(
    broker: Broker, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_TRANSACTION", 5)
    relay = Relay(Publisher(broker, 0), Outbox(tables), CLOCK)
    await relay.open(Position(0, 1, 0, 1))
    sizes, number = [2, 2, 2, 9, 1], 1
    for offset, size in enumerate(sizes):
        await relay.submit([entry(number + further, offset) for further in range(size)], offset + 1)
        number += size
    await relay.finish()
    broker.transactions.clear()
    await relay.run()
    assert broker.transactions == [4, 2, 9, 1]
    assert told(broker) == names(range(1, 17))


async def test_the_marker_moves_also_for_batches_that_owe_nothing(relay: Relay, broker: Broker) -> None:
    await relay.open(Position(0, 1, 0, 1))
    await relay.submit([], 40)
    await relay.finish()
    await relay.run()
    assert broker.markers[0] == 40


async def test_a_lane_waits_while_too_much_is_owed_already(
    broker: Broker, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_BACKLOG", 2)
    publisher = Held(broker, 0)
    publisher.go.set()
    relay = Relay(publisher, Outbox(tables), CLOCK)
    await relay.open(Position(0, 1, 0, 1))
    publisher.go.clear()
    running = asyncio.create_task(relay.run())
    await relay.submit([entry(1), entry(2)], 1)
    waiting = asyncio.create_task(relay.submit([entry(3, 1)], 2))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    publisher.go.set()
    async with asyncio.timeout(SECONDS):
        await waiting
        await relay.finish()
        await running
    assert told(broker) == names([1, 2, 3])


async def test_entries_derived_again_from_an_older_backup_are_not_published_again(relay: Relay, broker: Broker) -> None:
    broker.markers[0] = 10
    await relay.open(Position(0, 1, 0, 1))
    await relay.submit([entry(number, number) for number in range(1, 10)], 10)
    await relay.submit([entry(10, 10)], 11)
    await relay.finish()
    await relay.run()
    assert told(broker) == names([10])
    assert broker.markers[0] == 11


async def test_the_marker_of_a_backup_s_old_position_never_goes_back(relay: Relay, broker: Broker) -> None:
    broker.markers[0] = 10
    await relay.open(Position(0, 1, 0, 1))
    await relay.submit([], 5)
    await relay.finish()
    await relay.run()
    assert broker.markers[0] == 10


async def test_a_failing_publisher_ends_the_relay_and_what_it_owed_is_no_longer_counted(
    broker: Broker, tables: Tables
) -> None:
    publisher = Publisher(broker, 0)
    relay = Relay(publisher, Outbox(tables), CLOCK)
    unpublished = REGISTRY.get_sample_value("capital_unpublished")
    await relay.open(Position(0, 1, 0, 1))
    await relay.submit([entry(1)], 1)
    publisher.dies = "before the commit"
    with pytest.raises(Unavailable):
        await relay.run()
    await relay.close()
    assert REGISTRY.get_sample_value("capital_unpublished") == unpublished


async def test_the_time_from_commit_to_publication_is_measured_for_each_batch(relay: Relay) -> None:
    def measured() -> float:
        return REGISTRY.get_sample_value("capital_publish_seconds_count") or 0

    before = measured()
    await relay.open(Position(0, 1, 0, 1))
    await relay.submit([entry(1), entry(2)], 1)
    await relay.submit([], 2)
    await relay.finish()
    await relay.run()
    assert measured() == before + 2


async def test_batches_committed_during_a_transaction_share_the_next_one(broker: Broker, tables: Tables) -> None:
    held = Held(broker, 0)
    relay = Relay(held, Outbox(tables), CLOCK)
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        await relay.submit([entry(1, 0)], 1)
        await held.asked.wait()
        await relay.submit([entry(2, 1), entry(3, 1)], 2)
        await relay.submit([entry(4, 2)], 3)
        held.go.set()
        await relay.finish()
    assert broker.transactions == [1, 3]


async def test_a_relay_that_owes_and_publishes_nothing_is_not_alive(
    broker: Broker, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK_SECONDS", -1)
    held = Held(broker, 0)
    relay = Relay(held, Outbox(tables), CLOCK)
    running = asyncio.create_task(relay.run())
    assert relay.alive() is None
    await relay.submit([entry(1, 0)], 1)
    assert (relay.alive() or "").startswith("nothing published for ")
    held.go.set()
    await relay.finish()
    async with asyncio.timeout(SECONDS):
        await running
    assert relay.alive() is None
