from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition

from tests.journeys.system import System
from tests.replay.living import Commands, history, lived
from worker.replay.request import Request
from worker.replaying import opening

REFUSED, WRONG_USAGE = 1, 2
FUTURE = "2999-01-01T00:00:00Z"


@asynccontextmanager
async def begun(system: System, name: str, request: Request) -> AsyncIterator[None]:
    """A replay of this name at work."""
    async with opening.opened(system.settings, name, request):
        yield


async def expire(system: System, partition: int, before: int) -> None:
    """What retention does to a topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.environ["CAPITAL_KAFKA_BOOTSTRAP"])
    await admin.start()
    try:
        where = TopicPartition(system.settings.events_topic, partition)
        await admin.delete_records({where: RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


async def test_what_cannot_be_replayed_is_refused_with_the_reason_and_leaves_nothing_behind(
    system: System, commands: Commands
) -> None:
    await lived(system, history(seed=21))
    ((taken,),) = await system.rows("SELECT next_offset FROM cursor WHERE partition = 1")
    refusals = {
        ("--from-offset", f"1:{int(str(taken)) + 1}"): f"is out of range: the live lane stands at {taken}",
        ("--from-offset", "9:0"): "there is no partition 9 to replay: there are 0, 1, 2, 3",
        ("--from-offset", "1:5", "--until", "1:2"): "partition 1: the range ends at 2, before its start at 5",
        ("--from-offset", f"1:{taken}"): "the live lanes have taken no record in this range",
        ("--from-timestamp", FUTURE): "2999-01-01T00:00:00.000Z is in the future",
        ("--from-beginning", "--until", FUTURE): "is in the future",
        ("--from-timestamp", "2025-06-02T00:00:00Z", "--until", "2025-06-01T00:00:00Z"): "not after its start",
        ("--account", "acct_nobody"): "nothing has come for the account acct_nobody",
        ("--account", "acct_nobody", "--from-offset", "1:0"): "nothing has come for the account acct_nobody",
    }
    for arguments, reason in refusals.items():
        done = await commands.run("replay", *arguments)
        assert done.status == REFUSED
        assert done.err.startswith("refused: ")
        assert reason in done.err
    assert await system.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE $1", f"{system.name}_replay%") == []


async def test_a_topic_that_ends_before_what_was_taken_is_refused(system: System, commands: Commands) -> None:
    """Its records would be waited for for ever: it is not the topic that the lane has read."""
    await lived(system, history(seed=27, accounts=11))
    ((taken,),) = await system.rows(
        "UPDATE cursor SET next_offset = next_offset + 5 WHERE partition = 1 RETURNING next_offset"
    )
    done = await commands.run("replay", "--from-beginning")
    assert done.status == REFUSED
    assert f"the live lane took records up to {taken}: see docs/positions.md" in done.err


async def test_expired_records_are_refused_and_the_event_log_is_named(system: System, commands: Commands) -> None:
    await lived(system, history(seed=22, accounts=22))
    await expire(system, 1, before=7)
    for arguments in (["--from-beginning"], ["--from-offset", "1:6"], ["--from-timestamp", "2025-01-01T00:00:00Z"]):
        done = await commands.run("replay", *arguments)
        assert done.status == REFUSED
        assert "the topic no longer holds all of these records (partition 1 begins at 7): --from-log" in done.err
    done = await commands.replay("--from-offset", "1:7")
    assert (done.status, done.differences) == (0, []), done.err


async def test_a_past_that_is_not_whole_is_refused(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=23, accounts=22))
    # An account that was told something early, and of which something comes later.
    ((partition, account, gone, offset),) = await system.rows(
        "SELECT e.partition, e.account, e.event_id, e.record_offset FROM event e JOIN outbox o "
        "ON (o.livemode, o.account, o.causation_id) = (e.livemode, e.account, e.event_id) "
        "WHERE EXISTS (SELECT FROM event l WHERE (l.livemode, l.account) = (e.livemode, e.account) "
        "AND l.record_offset > e.record_offset) ORDER BY e.record_offset, e.event_id LIMIT 1"
    )
    await system.rows("DELETE FROM event WHERE event_id = $1", gone)
    done = await commands.run("replay", "--from-offset", f"{partition}:{int(str(offset)) + 1}")
    assert done.status == REFUSED, len(written)
    assert f"where an account stood at the range's start: {account}: the record {gone} that told" in done.err


async def test_a_second_replay_of_the_same_name_is_refused_while_the_first_runs(
    system: System, commands: Commands
) -> None:
    await lived(system, history(seed=24, accounts=11))
    async with begun(system, "twice", Request()):
        done = await commands.run("replay", "--from-beginning", "--name", "twice")
        other = await commands.replay("--from-beginning", "--name", "other")
    assert (done.status, done.err) == (REFUSED, "refused: a replay named twice is running\n")
    assert other.status == 0
    assert (await commands.replay("--from-beginning", "--name", "twice")).status == 0


async def test_a_name_is_kept_for_what_it_was_begun_with(system: System, commands: Commands) -> None:
    await lived(system, history(seed=25, accounts=11))
    async with begun(system, "mine", Request()):
        pass
    done = await commands.run("replay", "--from-offset", "0:1", "--name", "mine")
    assert done.status == REFUSED
    assert "the replay mine was begun with `--from-beginning`: choose another name" in done.err
    assert (await commands.replay("--from-beginning", "--name", "mine")).status == 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE {}.migration SET checksum = 'other'", id="changed"),
        pytest.param("DELETE FROM {}.migration", id="older"),
        pytest.param("INSERT INTO {}.migration (number, name, checksum) VALUES (9999, 'later', '')", id="newer"),
    ],
)
async def test_the_shadow_of_another_release_is_refused(system: System, commands: Commands, change: str) -> None:
    await lived(system, history(seed=26, accounts=11))
    async with begun(system, "old", Request()):
        pass
    await system.rows(change.format(f"{system.name}_replay_old"))
    done = await commands.run("replay", "--from-beginning", "--name", "old")
    assert done.status == REFUSED
    assert "the shadow old was made by another release" in done.err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--from-timestamp", "2025-06-01T00:00:00"], "lacks its zone"),
        (["--from-offset", "0"], "is no list PARTITION:OFFSET"),
        (["--from-beginning", "--until", "soon"], "is no time such as"),
        (["--from-beginning", "--from-offset", "0:1"], "not allowed with"),
        (["--from-beginning", "--name", "All"], "small letters"),
    ],
)
async def test_what_cannot_be_read_is_wrong_usage(
    commands: Commands, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        await commands.run("replay", *arguments)
    assert ended.value.code == WRONG_USAGE
    assert why in capsys.readouterr().err


async def test_nothing_said_is_wrong_usage(commands: Commands) -> None:
    done = await commands.run("replay")
    assert done.status == WRONG_USAGE
    assert "say what to replay" in done.err
