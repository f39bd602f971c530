"""Positions that do not fit: the lanes go on where that is provable, and else stop and say what to do."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.journeys import mishaps
from tests.journeys.consuming import Consume, consuming, restarts
from tests.journeys.system import PARTITIONS, System
from tests.journeys.webhooks import offer_event
from worker.topic.partitioning import home_of

ACCOUNT = "acct_1"
HOME = home_of(ACCOUNT, PARTITIONS)
pytestmark = pytest.mark.unreplayable("what was read is no longer what the topic holds")
CREATED = f"live:financingoffer_{ACCOUNT}:created"
ACCEPTED = f"live:financingoffer_{ACCOUNT}:accepted"
PAID_OUT = f"live:financingoffer_{ACCOUNT}:paid_out"
PAGE = (Path(__file__).parents[2] / "docs" / "positions.md").read_text(encoding="utf-8")


@pytest.fixture
def system(systems: Callable[[], System]) -> System:
    """One whose members leave the group at once."""
    made = systems()
    made.environ["CAPITAL_GROUP_INSTANCE_ID"] = ""
    return made


async def write(system: System, *milestones: str, account: str = ACCOUNT, first: int = 1) -> None:
    for number, milestone in enumerate(milestones, first):
        body = offer_event(f"evt_{number}", milestone, account=account, status=milestone)
        await system.events_topic.write(body, account.encode())


async def worked(system: System, *milestones: str) -> None:
    """A system that has taken and told these, and stopped."""
    await system.prepare()
    async with consuming(system):
        await write(system, *milestones)
        await system.settled({f"live:financingoffer_{ACCOUNT}:{milestone}" for milestone in milestones})
        await system.caught_up()


async def told(system: System) -> list[str]:
    return [notification.id for notification in await system.notifications()]


async def refuses(consume: Consume, reason: str) -> None:
    """The lane says so in the log, by its readiness and in a metric, and tries again."""
    before = restarts("misplaced")
    await consume.until(lambda: restarts("misplaced") > before + 1, "refusing for the second time")
    for line in consume.logged("lane.misplaced"):
        assert line["log_level"] == "critical"
        assert line["partition"] == HOME
        assert reason in line["reason"]
        assert "docs/positions.md" in line["reason"]
    await consume.until(lambda: consume.unready == f"lanes not working: {HOME} (misplaced)", "ready but for one lane")
    assert not any(consume.process.health.living().values())


@pytest.mark.parametrize("more", [0, 1, 2, 5])
async def test_an_events_topic_made_anew_stops_its_lanes_however_much_was_written_to_it_since(
    system: System, more: int
) -> None:
    await worked(system, "created", "accepted")
    await mishaps.recreate(system, system.settings.events_topic)
    await write(system, *["paid_out"] * more, first=10)
    wrong = "the record at offset 1 is not the one that was taken there" if more >= 2 else "the cursor says 2"
    async with consuming(system) as consume:
        await refuses(consume, wrong)
    assert await told(system) == [CREATED, ACCEPTED]
    assert await system.rows("SELECT next_offset FROM cursor WHERE partition = $1", HOME) == [(2,)]


async def test_a_topic_made_anew_under_running_lanes_stops_them(system: System) -> None:
    await worked(system, "created", "accepted")
    async with consuming(system) as consume:
        await consume.ready()
        await mishaps.recreate(system, system.settings.events_topic)
        await refuses(consume, "events-")
    assert await told(system) == [CREATED, ACCEPTED]


async def way_out(system: System, name: str, **values: int) -> None:
    """Run what docs/positions.md says to run."""
    found = re.search(rf"```sql {name}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    statements = found[1]
    for placeholder, value in values.items():
        statements = statements.replace(f":{placeholder}", str(value))
    async with system.database() as connection:
        await connection.execute(statements)


async def test_after_the_way_out_of_the_documents_a_new_topic_is_read_with_the_state_there_was(system: System) -> None:
    await worked(system, "created", "accepted")
    async with consuming(system):
        bad = offer_event("evt_bad", account=ACCOUNT, envelope={"created": "yesterday"})
        await system.events_topic.write(bad, ACCOUNT.encode())
        await system.caught_up()
    await mishaps.recreate(system, system.settings.events_topic)
    await way_out(system, "new-topic")
    async with consuming(system):
        await write(system, "paid_out", first=10)
        await system.caught_up()
        assert await system.rows("SELECT record_offset FROM parked ORDER BY 1") == [(-1,), (0,)]
        discarded = await system.run("dead-letters", "discard", ACCOUNT, "--offset", "-1", "--reason", "never good")
        assert discarded.status == 0, discarded.err
        await system.settled({PAID_OUT})
    notifications = [notification.told for notification in await system.notifications()]
    assert [sequence for _, _, sequence in notifications] == list(range(1, len(notifications) + 1))
    quarantined = f"live:{ACCOUNT}:attention:quarantined:{ACCOUNT}"
    assert [identity for identity, _, _ in notifications][:4] == [CREATED, ACCEPTED, quarantined, PAID_OUT]


async def test_after_the_way_out_of_the_documents_a_lane_goes_on_where_a_topic_still_has_records(
    system: System,
) -> None:
    await worked(system, "created")
    await write(system, "accepted", "paid_out", first=2)
    await mishaps.trim(system, HOME, 2)
    await way_out(system, "go-on", offset=2, partition=HOME)
    async with consuming(system):
        await system.caught_up()
    # What came before the payout is missing, so that it is held; nothing that is left was passed over.
    assert await told(system) == [CREATED]
    assert await system.rows("SELECT event_id FROM event ORDER BY record_offset") == [("evt_1",), ("evt_3",)]


async def test_records_that_retention_removed_before_they_were_taken_stop_the_lane(system: System) -> None:
    await worked(system, "created")
    await write(system, "accepted", "paid_out", "fully_repaid", first=2)
    await mishaps.trim(system, HOME, 3)
    async with consuming(system) as consume:
        await refuses(consume, "holds offsets 3 to 4; the cursor says 1")
    assert await told(system) == [CREATED]


async def test_records_that_retention_removed_after_they_were_taken_are_not_missed(system: System) -> None:
    await worked(system, "created", "accepted")
    await mishaps.trim(system, HOME, 2)
    await write(system, "paid_out", first=3)
    async with consuming(system):
        await system.settled({PAID_OUT})


async def test_a_quiet_partition_that_ends_in_a_transaction_s_mark_is_not_misplaced_once_all_was_removed(
    system: System,
) -> None:
    await system.prepare()
    elsewhere = next(name for name in map("acct_{}".format, range(99)) if home_of(name, PARTITIONS) != HOME)
    async with consuming(system):
        await system.events_topic.write(offer_event("evt_1", account=ACCOUNT), elsewhere.encode())
        await system.settled({CREATED})
        # The record at 0 was passed on in a transaction, whose mark is at 1.
        await system.found("SELECT next_offset FROM cursor WHERE partition = $1", [(2,)], HOME)
    await mishaps.trim(system, HOME, 2)
    await write(system, "accepted", first=2)
    async with consuming(system):
        await system.settled({ACCEPTED})


async def test_markers_that_went_with_the_group_are_proven_by_what_was_told(system: System) -> None:
    await worked(system, "created", "accepted")
    before = await mishaps.markers(system)
    await mishaps.delete_group(system)
    assert await mishaps.markers(system) == {}
    async with consuming(system) as consume:
        await write(system, "paid_out", first=3)
        await system.settled({PAID_OUT})
        assert [line["offset"] for line in consume.logged("marker.recovered")] == [1]
    assert len(await told(system)) == len(set(await told(system)))
    assert (await mishaps.markers(system)).keys() == before.keys()


async def test_a_lost_marker_that_nothing_proves_stops_the_lane_until_a_person_sets_it(system: System) -> None:
    await system.prepare()
    async with consuming(system):
        await system.events_topic.write(b"not JSON", ACCOUNT.encode())
        await system.caught_up()
    await mishaps.delete_group(system)
    async with consuming(system) as consume:
        await refuses(consume, "the published-through marker is gone")
    await mishaps.set_marker(system, HOME, 1)
    async with consuming(system):
        await write(system, "created")
        await system.settled({CREATED})
    assert len(await system.dead_lettered(1)) == 1


async def test_an_empty_database_derives_everything_again_from_a_whole_topic_and_tells_only_what_is_new(
    system: System,
) -> None:
    await worked(system, "created", "accepted")
    rows = await tables(system)
    await mishaps.empty_database(system)
    async with consuming(system):
        await system.caught_up()
        assert await tables(system) == rows
        await write(system, "paid_out", first=3)
        await system.settled({PAID_OUT})
    assert (await told(system))[:3] == [CREATED, ACCEPTED, PAID_OUT]
    assert len(await told(system)) == len(set(await told(system)))


async def tables(system: System) -> Sequence[tuple[object, ...]]:
    return await system.rows(
        "SELECT (to_jsonb(o))::text FROM offer AS o UNION ALL SELECT (to_jsonb(a))::text FROM account AS a "
        "UNION ALL SELECT (to_jsonb(o))::text FROM outbox AS o ORDER BY 1"
    )


async def test_an_empty_database_beside_a_topic_that_lost_its_first_records_stops_the_lane(system: System) -> None:
    await worked(system, "created", "accepted")
    await mishaps.trim(system, HOME, 1)
    await mishaps.empty_database(system)
    async with consuming(system) as consume:
        await refuses(consume, "no longer has what came before offset 1")
    assert await told(system) == [CREATED, ACCEPTED]


async def test_an_empty_database_without_markers_does_not_tell_everything_a_second_time(system: System) -> None:
    await worked(system, "created", "accepted")
    await mishaps.empty_database(system)
    await mishaps.delete_group(system)
    async with consuming(system) as consume:
        await refuses(consume, "does not know the last notification on the topic")
    assert await told(system) == [CREATED, ACCEPTED]
