import pytest

from tests.contract.entries import dead_letter, entry
from tests.contract.wires import Wire
from tests.journeys.system import PARTITIONS
from worker.ports import Fenced, Unavailable
from worker.topic.cloud_events import headers_of
from worker.topic.partitioning import home_of

LANE = 2


async def test_a_lane_that_never_published_has_no_marker(wire: Wire) -> None:
    assert await (await wire.publisher(LANE)).open() is None


async def test_entries_and_marker_become_visible_together(wire: Wire) -> None:
    publisher = await wire.publisher(LANE)
    await publisher.open()
    await publisher.publish([entry(1, 4), entry(2, 5)], 6)
    visible = await wire.visible("notifications")
    assert [(record.key, record.value) for record in visible] == [(b"acct_1", b'{"some": "data"}')] * 2
    assert [record.headers for record in visible] == [headers_of(entry(1, 4)), headers_of(entry(2, 5))]
    assert await (await wire.publisher(LANE)).open() == 6


async def test_a_marker_without_entries_is_known_all_the_same(wire: Wire) -> None:
    publisher = await wire.publisher(LANE)
    await publisher.open()
    await publisher.publish([], 7)
    await publisher.publish([], 9)
    assert await (await wire.publisher(LANE)).open() == 9
    assert await wire.visible("notifications") == []


async def test_lanes_have_markers_of_their_own(wire: Wire) -> None:
    publisher = await wire.publisher(LANE)
    await publisher.open()
    await publisher.publish([], 7)
    assert await (await wire.publisher(LANE + 1)).open() is None


async def test_notifications_go_to_the_lane_s_partition_and_the_rest_where_their_key_leads(wire: Wire) -> None:
    publisher = await wire.publisher(LANE)
    await publisher.open()
    keys = [f"acct_{number}" for number in range(8)]
    for number, key in enumerate(keys, 1):
        forwarded = entry(number, number, destination="events", key=key.encode(), headers=(("a", b"\xff"),))
        await publisher.publish([entry(number, number, key=key.encode()), forwarded, dead_letter(number, number)], 9)
    assert {record.partition for record in await wire.visible("notifications")} == {LANE}
    events = {record.key: record for record in await wire.visible("events")}
    assert {key: record.partition for key, record in events.items()} == {
        key.encode(): home_of(key, PARTITIONS) for key in keys
    }
    assert {record.headers for record in events.values()} == {(("a", b"\xff"),)}
    assert {record.headers for record in await wire.visible("dead_letters")} == {dead_letter().headers}


async def test_a_second_publisher_of_the_lane_fences_the_first(wire: Wire) -> None:
    first, second = await wire.publisher(LANE), await wire.publisher(LANE)
    await first.open()
    await first.publish([entry(1)], 1)
    await second.open()
    with pytest.raises(Fenced):
        await first.publish([entry(2, 1)], 2)
    await second.publish([entry(3, 1)], 3)
    assert [dict(record.headers)["ce_id"] for record in await wire.visible("notifications")] == [
        b"live:1:x",
        b"live:3:x",
    ]
    assert await (await wire.publisher(LANE)).open() == 3


async def test_publishers_of_different_lanes_do_not_fence_each_other(wire: Wire) -> None:
    first, second = await wire.publisher(0), await wire.publisher(1)
    await first.open()
    await second.open()
    await first.publish([entry(1)], 1)
    await second.publish([entry(1)], 1)
    assert len(await wire.visible("notifications")) == 2


async def test_what_was_written_but_not_committed_is_never_seen_and_leaves_the_marker(wire: Wire) -> None:
    first = await wire.publisher(LANE)
    await first.open()
    await first.publish([entry(1)], 1)
    dying = await wire.publisher(LANE, "before the commit")
    await dying.open()
    with pytest.raises(Unavailable):
        await dying.publish([entry(2, 1)], 2)
    later = await wire.publisher(LANE)
    assert await later.open() == 1
    await later.publish([entry(3, 1)], 2)
    assert [dict(record.headers)["ce_id"] for record in await wire.visible("notifications")] == [
        b"live:1:x",
        b"live:3:x",
    ]


async def test_the_last_notification_that_readers_see_is_the_last_told_whatever_else_was_written(wire: Wire) -> None:
    first = await wire.publisher(LANE)
    await first.open()
    assert await first.last_told() is None
    await first.publish([entry(1), entry(2), dead_letter(3)], 1)
    await first.publish([], 5)
    dying = await wire.publisher(LANE, "before the commit")
    await dying.open()
    with pytest.raises(Unavailable):
        await dying.publish([entry(4, 1)], 6)
    other = await wire.publisher(LANE + 1)
    await other.open()
    assert await other.last_told() is None
    later = await wire.publisher(LANE)
    await later.open()
    assert await later.last_told() == "live:2:x"


async def test_a_commit_whose_answer_was_lost_is_found_by_the_marker(wire: Wire) -> None:
    dying = await wire.publisher(LANE, "after the commit")
    await dying.open()
    with pytest.raises(Unavailable):
        await dying.publish([entry(1)], 1)
    assert await (await wire.publisher(LANE)).open() == 1
    assert len(await wire.visible("notifications")) == 1
