from collections.abc import Sequence

from tests.contract.fakes import Broker, Source
from worker.ports import Record
from worker.replay.plan import Span
from worker.replay.span_source import SpanSource

HELD = [Record(0, offset, 0, None, b"logged", ()) for offset in (0, 1, 3)]


class Log:
    """An event log without the record at offset 2."""

    async def read(self, start: int, before: int, most: int) -> Sequence[Record]:
        return [record for record in HELD if start <= record.offset < before][:most]


async def broker(records: int, beginning: int) -> Broker:
    made = Broker()
    for _ in range(records):
        await made.append("events", 0, None, b"on the topic", ())
    made.beginnings[0] = beginning
    return made


async def read(source: SpanSource, most: int = 2) -> list[tuple[int, bytes | None]]:
    """Everything until nothing comes."""
    found: list[tuple[int, bytes | None]] = []
    quiet = 0
    # What the log ends with may be nothing, and the topic begin after it.
    while quiet < 2:
        polled = await source.poll(most, 0.01)
        quiet = 0 if polled else quiet + 1
        found += [(record.offset, record.value) for record in polled]
    return found


async def test_the_log_comes_first_and_then_the_topic() -> None:
    source = SpanSource(Source(await broker(6, beginning=4), 0), Log(), Span(0, 0, 6, 4))
    await source.seek(await source.beginning())
    logged = [(offset, b"logged") for offset in (0, 1, 3)]
    assert await read(source) == [*logged, (4, b"on the topic"), (5, b"on the topic")]


async def test_a_span_taken_up_in_the_topic_asks_the_log_no_more() -> None:
    source = SpanSource(Source(await broker(6, beginning=4), 0), Log(), Span(0, 0, 6, 4))
    await source.seek(5)
    assert await read(source) == [(5, b"on the topic")]


async def test_a_span_that_the_topic_still_holds_never_asks_the_log() -> None:
    source = SpanSource(Source(await broker(6, beginning=0), 0), Log(), Span(0, 1, 4, 1))
    assert await source.beginning() == 1
    await source.seek(1)
    assert [value for _, value in await read(source)] == [b"on the topic"] * 5


async def test_where_the_topic_has_nothing_left_of_a_span_the_log_ends_it() -> None:
    source = SpanSource(Source(await broker(6, beginning=6), 0), Log(), Span(0, 0, 5, 5))
    await source.seek(1)
    assert await read(source) == [(1, b"logged"), (3, b"logged")]
    assert await source.reached() == 5


async def test_a_gap_in_the_log_is_passed() -> None:
    source = SpanSource(Source(await broker(9, beginning=7), 0), Log(), Span(0, 0, 9, 7))
    await source.seek(3)
    assert await source.reached() == 3
    assert [record.offset for record in await source.poll(5, 0.01)] == [3]
    assert await source.poll(5, 0.01) == []
    assert await source.reached() == 7
    assert [record.offset for record in await source.poll(5, 0.01)] == [7, 8]


async def test_a_record_is_found_where_it_is() -> None:
    source = SpanSource(Source(await broker(6, beginning=4), 0), Log(), Span(0, 0, 6, 4))
    found = [await source.at(offset) for offset in (1, 2, 5)]
    assert [record and record.value for record in found] == [b"logged", None, b"on the topic"]
