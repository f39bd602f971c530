import pytest

from tests.journeys.system import System
from tests.journeys.webhooks import offer_event
from worker.ports import Headers, Record
from worker.topic.partitioning import home_of

LARGEST = 1_048_480
HEALTHY = "acct_healthy"
HEALTHY_TOLD = f"live:financingoffer_{HEALTHY}:created"


def header(record: Record, name: str) -> str:
    return dict(record.headers)[name].decode()


async def test_a_record_that_cannot_be_attributed_is_dead_lettered_with_its_reason_and_parks_nobody(
    system: System,
) -> None:
    await system.prepare()
    await system.serve()
    bad: dict[bytes | None, str] = {
        b"\xffnot JSON": "Invalid JSON",
        offer_event("evt_nobody", account=None): "the event names no account",
        offer_event("evt_two", account=HEALTHY, envelope={"account": "acct_other"}): "the event names two accounts",
        None: "the record has no value",
        offer_event("evt_mode", account=HEALTHY, envelope={"livemode": "true"}): "livemode: ",
    }
    key = HEALTHY.encode()
    came: Headers = (("ce_id", b"evt_came"), ("twice", b"1"), ("twice", b"\x00\xff"))
    written = {value: await system.events_topic.write(value, key, came) for value in bad}
    await system.events_topic.write(offer_event("evt_healthy", account=HEALTHY), key)
    await system.settled({HEALTHY_TOLD})

    letters = {letter.value or None: letter for letter in await system.dead_lettered(len(bad))}
    assert letters.keys() == bad.keys()
    for value, reason in bad.items():
        letter, record = letters[value], written[value]
        assert letter.key == key
        assert letter.headers[: len(came)] == came
        assert header(letter, "capital_reason").startswith(reason)
        assert header(letter, "capital_topic") == system.events_topic.name
        assert header(letter, "capital_partition") == str(record.partition)
        assert header(letter, "capital_offset") == str(record.offset)
        assert header(letter, "capital_timestamp") == str(record.timestamp)
    assert await system.rows("SELECT account FROM parked") == []
    assert await system.rows("SELECT event_id FROM event") == [("evt_healthy",)]


async def test_a_record_under_another_account_s_key_is_sent_home_and_applied_once(system: System) -> None:
    await system.prepare()
    await system.serve()
    partitions = system.settings.topic_partitions
    elsewhere = next(
        name for name in map("acct_{}".format, range(99)) if home_of(name, partitions) != home_of(HEALTHY, partitions)
    )
    body = offer_event("evt_strayed", account=HEALTHY)
    strayed = await system.events_topic.write(body, elsewhere.encode())
    (told,) = await system.settled({HEALTHY_TOLD})
    assert told.record.partition == home_of(HEALTHY, partitions) != strayed.partition
    assert told.record.key == HEALTHY.encode()

    await system.events_topic.write(body, elsewhere.encode())
    home = home_of(HEALTHY, partitions)
    await system.found("SELECT event_id, partition, repeats FROM event", [("evt_strayed", home, 1)])
    assert [notification.id for notification in await system.notifications()] == [HEALTHY_TOLD]
    assert await system.dead_letters_topic.records() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"envelope": {"created": "yesterday"}}, "created: ", id="created-yesterday"),
        pytest.param({"status": "accep\x00ted"}, "data.object.status: ", id="NUL-in-text"),
    ],
)
async def test_an_event_that_cannot_be_applied_parks_its_account_in_order_while_others_flow(
    system: System, changes: dict[str, object], reason: str
) -> None:
    await system.prepare()
    await system.serve()
    ill = "acct_ill"
    key, topic = ill.encode(), system.events_topic
    await topic.write(offer_event("evt_1", account=ill), key)
    invalid = await topic.write(offer_event("evt_2", "accepted", account=ill, **changes), key)  # type: ignore[arg-type] # any JSON
    later = [
        await topic.write(offer_event(f"evt_{number}", milestone, account=ill), key)
        for number, milestone in ((3, "accepted"), (4, "paid_out"))
    ]
    # The same account in the other mode is another account.
    await topic.write(offer_event("evt_5", account=ill, envelope={"livemode": False}), key)
    await topic.write(offer_event("evt_6", account=HEALTHY), HEALTHY.encode())
    quarantined = f"live:{ill}:attention:quarantined:{ill}"
    created = {f"live:financingoffer_{ill}:created", f"test:financingoffer_{ill}:created", HEALTHY_TOLD}
    told = await system.settled(created | {quarantined})
    await system.caught_up()

    assert {notification.id for notification in await system.notifications()} == created | {quarantined}
    (attention,) = (notification for notification in told if notification.id == quarantined)
    assert attention.headers["ce_sequence"] == "0000000002"
    assert attention.data["reason"] == "quarantined"
    assert attention.data["detail"].startswith(reason)
    parked = await system.rows(
        "SELECT livemode, account, event_id, reason IS NOT NULL, record_offset, key, value FROM parked "
        "ORDER BY record_offset"
    )
    assert parked == [
        (True, ill, f"evt_{number}", number == 2, record.offset, key, record.value)
        for number, record in enumerate([invalid, *later], 2)
    ]
    (letter,) = await system.dead_lettered(1)
    assert (letter.key, letter.value) == (key, invalid.value)
    assert header(letter, "capital_reason").startswith(reason)
    assert header(letter, "capital_offset") == str(invalid.offset)


async def test_an_account_in_live_and_test_mode_is_two_accounts(system: System) -> None:
    await system.prepare()
    await system.serve()
    account, topic = "acct_both", system.events_topic
    for mode in (True, False):
        event = offer_event(f"evt_{mode}", account=account, envelope={"livemode": mode})
        await topic.write(event, account.encode())
    accepted = offer_event("evt_3", "accepted", account=account, envelope={"livemode": False})
    await topic.write(accepted, account.encode())
    expected = {f"{mode}:financingoffer_{account}:created" for mode in ("live", "test")}
    expected.add(f"test:financingoffer_{account}:accepted")
    told = {notification.id: notification for notification in await system.settled(expected)}
    shown = {identity: (n.headers["ce_source"], n.headers["ce_livemode"], n.told[2]) for identity, n in told.items()}
    assert shown == {
        f"live:financingoffer_{account}:created": ("/capital-worker/live", "true", 1),
        f"test:financingoffer_{account}:created": ("/capital-worker/test", "false", 1),
        f"test:financingoffer_{account}:accepted": ("/capital-worker/test", "false", 2),
    }
    statuses = await system.rows("SELECT livemode, status FROM offer ORDER BY livemode")
    assert statuses == [(False, "accepted"), (True, "created")]


async def test_a_record_from_a_time_that_no_calendar_has_is_applied_as_if_it_were_the_oldest(system: System) -> None:
    await system.prepare()
    await system.serve()
    key = HEALTHY.encode()
    await system.events_topic.write(offer_event("evt_1", account=HEALTHY), key, timestamp=-(2**62))
    await system.events_topic.write(b"not JSON", key, timestamp=-1)
    (told,) = await system.settled({HEALTHY_TOLD}, seconds=20)
    assert told.headers["ce_time"] == "1970-01-01T00:00:00.000Z"
    assert len(await system.dead_lettered(1)) == 1


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param(b"{" + b"x" * LARGEST, (), id="as-large-as-the-topic-takes"),
        pytest.param(b"not JSON", (("empty", None),), id="with-a-null-header"),
        pytest.param(b'{"data":' * 100_000, (), id="nested-without-end"),
    ],
)
async def test_no_record_stops_a_lane(system: System, value: bytes, headers: Headers) -> None:
    await system.prepare()
    serve = await system.serve()
    key = HEALTHY.encode()
    await system.events_topic.write(value, key, headers)
    await system.events_topic.write(offer_event("evt_healthy", account=HEALTHY), key)
    await system.settled({HEALTHY_TOLD}, seconds=20)
    (letter,) = await system.dead_lettered(1)
    assert letter.value == value
    assert await serve.terminate() == 0
