import pytest

from tests.contract.wires import Wire
from tests.journeys.system import PARTITIONS
from worker.ports import Headers, Misplaced
from worker.topic.partitioning import home_of

KEY = b"acct_1"
HOME = home_of("acct_1", PARTITIONS)
HEADERS: Headers = (("ce_id", b"evt_1"), ("twice", b"\x00\xff"), ("twice", b""))
SECONDS = 5.0


async def filled(wire: Wire, number: int) -> None:
    for value in range(number):
        await wire.write(str(value).encode(), KEY, HEADERS)


async def test_records_are_polled_in_order_and_no_more_than_asked_for(wire: Wire) -> None:
    await filled(wire, 5)
    source = await wire.source(HOME)
    await source.seek(0)
    first, second = await source.poll(3, SECONDS), await source.poll(3, SECONDS)
    assert [record.offset for record in [*first, *second]] == [0, 1, 2, 3, 4]
    assert (len(first), len(second)) == (3, 2)
    record = first[1]
    assert (record.partition, record.key, record.value, record.headers) == (HOME, KEY, b"1", HEADERS)
    assert record.timestamp > 0


async def test_a_seek_reads_from_there_again(wire: Wire) -> None:
    await filled(wire, 5)
    source = await wire.source(HOME)
    for offset in (2, 0, 4):
        await source.seek(offset)
        assert (await source.poll(1, SECONDS))[0].offset == offset


async def test_nothing_new_is_an_empty_poll(wire: Wire) -> None:
    await filled(wire, 1)
    source = await wire.source(HOME)
    await source.seek(1)
    assert await source.poll(10, 0.05) == []


async def test_a_record_written_later_is_polled(wire: Wire) -> None:
    source = await wire.source(HOME)
    await source.seek(0)
    await filled(wire, 1)
    assert [record.value for record in await source.poll(10, SECONDS)] == [b"0"]


async def test_what_came_since_the_client_fetched_is_polled_too(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AT_HAND_SECONDS", "FRESH_SECONDS"):
        monkeypatch.setattr(f"worker.topic.source.{name}", SECONDS)
    await filled(wire, 3)
    source = await wire.source(HOME)
    await source.seek(0)
    assert len(await source.poll(1, SECONDS)) == 1, "and the client has two more at hand"
    await filled(wire, 4)
    assert len(await source.poll(10, SECONDS)) == 6


async def test_a_source_has_caught_up_once_a_poll_took_all_there_was(wire: Wire) -> None:
    await filled(wire, 5)
    source = await wire.source(HOME)
    await source.seek(0)
    polled = [(len(await source.poll(3, seconds)), source.caught_up) for seconds in (SECONDS, SECONDS, 0.05)]
    assert polled == [(3, False), (2, True), (0, True)]


async def test_other_partitions_are_not_read(wire: Wire) -> None:
    await filled(wire, 2)
    source = await wire.source((HOME + 1) % PARTITIONS)
    await source.seek(0)
    assert await source.poll(10, 0.05) == []


@pytest.mark.parametrize(("key", "value"), [(None, b"value"), (KEY, None), (KEY, b""), (b"", b"value")])
async def test_a_record_may_lack_key_value_and_headers(wire: Wire, key: bytes | None, value: bytes | None) -> None:
    written = await wire.write(value, key)
    source = await wire.source(written.partition)
    await source.seek(0)
    (record,) = await source.poll(10, SECONDS)
    assert (record.key, record.value, record.headers) == (key, value, ())


async def test_a_header_with_a_null_value_is_read_as_an_empty_one(wire: Wire) -> None:
    await wire.write(b"value", KEY, (("null", None),))  # type: ignore[arg-type] # what other producers may write
    source = await wire.source(HOME)
    await source.seek(0)
    assert (await source.poll(10, SECONDS))[0].headers == (("null", b""),)


async def test_a_record_is_found_by_its_offset_and_the_next_poll_reads_on_from_where_it_would_have(wire: Wire) -> None:
    await filled(wire, 5)
    await wire.trim(HOME, 1)
    source = await wire.source(HOME)
    await source.seek(3)
    for offset in (1, 4, 3, 2):
        found = await source.at(offset)
        assert found is not None
        assert (found.offset, found.value) == (offset, str(offset).encode())
    assert await source.at(5) is None
    assert [record.offset for record in await source.poll(10, SECONDS)] == [3, 4]


async def test_what_was_reached_is_behind_what_was_polled(wire: Wire) -> None:
    await filled(wire, 5)
    source = await wire.source(HOME)
    await source.seek(1)
    assert await source.reached() == 1
    await source.poll(2, SECONDS)
    assert await source.reached() == 3


async def test_the_beginning_of_a_new_partition_is_0_and_of_a_trimmed_one_its_oldest_record(wire: Wire) -> None:
    await filled(wire, 5)
    source = await wire.source(HOME)
    assert await source.beginning() == 0
    await wire.trim(HOME, 3)
    assert await source.beginning() == 3


@pytest.mark.parametrize("offset", [2, 6])
async def test_a_seek_outside_of_what_the_topic_holds_is_misplaced(wire: Wire, offset: int) -> None:
    await filled(wire, 5)
    await wire.trim(HOME, 3)
    source = await wire.source(HOME)
    for held in (3, 5):
        await source.seek(held)
    with pytest.raises(Misplaced):
        await source.seek(offset)
