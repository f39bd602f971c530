import json
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.journeys.system import PARTITIONS, System
from tests.journeys.webhooks import offer_event
from tests.replay.living import Commands, append, history, lived, take
from tests.replay.test_refusals import expire
from worker.consumer.commands import DISCARD, command_record
from worker.consumer.letters import FORWARDED
from worker.lookup.observations import observation
from worker.ports import Headers, Question, Record
from worker.replay.plan import Refused
from worker.replay.request import Request
from worker.replaying import opening, running

REFUSED, DIFFERENT = 1, 3
BAD = {"created": "yesterday"}


async def expired(system: System, written: Sequence[Record], share: float) -> dict[int, int]:
    """Let so much of each partition expire; where the topic now begins."""
    counts = Counter(record.partition for record in written)
    begins = {partition: round(count * share) for partition, count in counts.items()}
    for partition, offset in begins.items():
        await expire(system, partition, offset)
    return begins


@pytest.mark.parametrize("share", [0.5, 1.0])
async def test_what_expired_is_read_from_the_event_log_and_the_report_says_so(
    system: System, commands: Commands, share: float
) -> None:
    written = await lived(system, history(seed=71))
    begins = await expired(system, written, share)
    assert (await commands.run("replay", "--from-beginning")).status == REFUSED
    done = await commands.replay("--from-beginning", "--from-log")
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err)
    assert {source["partition"]: source["topic_from"] for source in done.sources} == begins
    for source in done.sources:
        taken = [one for one in written if one.partition == source["partition"] and one.offset < source["topic_from"]]
        ids = Counter(json.loads(one.value or b"{}")["id"] for one in taken if b'"capital.' in (one.value or b""))
        assert source["log"]["records"] == len(ids)
        assert source["log"]["offsets_without"] == len(taken) - len(ids)
        assert source["log"]["repeats_counted"] >= ids.total() - len(ids)


async def test_a_range_and_an_account_are_read_from_the_event_log_too(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=72))
    await expired(system, written, 0.7)
    account = (written[-1].key or b"").decode()
    for arguments in (
        ["--from-timestamp", "2020-01-01T00:00:00Z"],
        ["--from-offset", "0:3,2:5"],
        ["--account", account],
        ["--from-offset", "1:4", "--until", "1:20"],
    ):
        refused = await commands.run("replay", *arguments)
        assert (refused.status, "--from-log" in refused.err) == (REFUSED, True), arguments
        done = await commands.replay(*arguments, "--from-log", "--name", "logged")
        assert (done.status, done.differences) == (0, []), (arguments, done.out[-2_000:], done.err)
        assert done.compared["accounts"] > 0


async def put(system: System, value: bytes, key: bytes, headers: Headers = ()) -> Record:
    return await system.events_topic.write(value, key=key, headers=headers)


async def test_records_of_every_kind_are_given_back_as_they_came(system: System, commands: Commands) -> None:
    """Beside events: answers, commands, what waits, was discarded, is nobody's, or lay on another partition."""
    written = [*await lived(system, history(seed=73, accounts=22))]
    key = (True, "acct_1")
    headers = (("ce_id", b"evt_1"), ("twice", b"\x00\xff"), ("twice", b""))
    answer = observation(Question(*key, "summary", "", 0, 1), "summary", 1, {"shown": {"status": "none"}})
    discarded = await put(system, offer_event("evt_2", account="acct_2", envelope=BAD), b"acct_2", headers)
    discard = command_record(DISCARD, (True, "acct_2"), {"record_offset": discarded.offset}, 1)
    written += [
        discarded,
        await put(system, offer_event("evt_1"), b"acct_1", headers),
        await put(system, answer.value, answer.key, answer.headers),
        await put(system, offer_event("evt_3", account="acct_2"), b"acct_2"),
        await put(system, discard.value, discard.key, discard.headers),
        await put(system, offer_event("evt_4", account="acct_3", envelope=BAD), b"acct_3", headers),
        await put(system, offer_event("evt_5", account="acct_3"), b"acct_3", headers),
        await put(system, b"not JSON", b"nobody", headers),
        await put(system, b'{"id": "evt_6", "type": "charge.succeeded"}', b"nobody"),
        *[await put(system, offer_event(f"evt_7{key}", account="acct_4"), f"{key}".encode()) for key in range(9)],
    ]
    await take(system)
    # What was passed on is not published in this test, so it is put where its key leads by hand.
    for row in await system.rows("SELECT value, headers::text FROM outbox WHERE destination = 'events' ORDER BY id"):
        passed = tuple((name, value.encode("latin-1")) for name, value in json.loads(str(row[1])))
        assert passed[-1][0] == FORWARDED
        assert isinstance(row[0], bytes)
        written.append(await put(system, row[0], b"acct_4", passed))
    await take(system)
    assert (await commands.replay("--from-beginning")).status == 0
    await expired(system, written, 1.0)
    done = await commands.replay("--from-beginning", "--from-log")
    assert (done.status, done.differences) == (0, []), (done.out[-3_000:], done.err)
    letters = await system.rows("SELECT count(*) FROM outbox WHERE destination <> 'notifications'")
    assert letters > [(8,)]


async def test_a_log_that_lost_what_told_something_is_refused(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=74, accounts=22))
    await expired(system, written, 0.5)
    ((gone,),) = await system.rows(
        "DELETE FROM event WHERE event_id IN (SELECT causation_id FROM outbox ORDER BY record_offset, id LIMIT 1) "
        "RETURNING event_id"
    )
    done = await commands.run("replay", "--from-beginning", "--from-log")
    assert done.status == REFUSED
    assert f"the event log is not whole: the record {gone} that told" in done.err


async def test_for_people_the_report_says_what_the_log_stood_in_for(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=75, accounts=22))
    begins = await expired(system, written, 0.5)
    done = await commands.run("replay", "--from-beginning", "--from-log")
    assert done.status == 0
    for partition, begin in begins.items():
        assert f"partition {partition}: offsets 0 to {begin} from the event log, which has " in done.out


async def test_records_that_expire_while_they_are_replayed_are_a_refusal_and_the_log_takes_over_where_it_may(
    system: System, commands: Commands
) -> None:
    written = await lived(system, history(seed=76, accounts=22))
    for name, request in (("topic", Request()), ("logged", Request(from_log=True))):
        async with opening.opened(system.settings, name, request):
            pass
    await expired(system, written, 0.5)
    async with opening.opened(system.settings, "topic", Request()) as begun:
        with pytest.raises(Refused, match="the topic lost records meanwhile"):
            await running.run(begun, lambda _done: None, 1)
    done = await commands.replay("--from-beginning", "--from-log", "--name", "logged")
    assert (done.status, done.differences) == (0, []), done.err


async def test_more_may_come_while_the_log_is_read(system: System, commands: Commands) -> None:
    events = history(seed=77, accounts=22)
    written = await lived(system, events[:-5])
    await expired(system, written, 1.0)
    await append(system, events[-5:], first=len(events) - 5)
    await take(system)
    done = await commands.replay("--from-beginning", "--from-log")
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err)
    assert {source["partition"] for source in done.sources} == set(range(PARTITIONS))
