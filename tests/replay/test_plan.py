from collections.abc import Mapping

import pytest

from worker.replay.plan import Extent, Plan, Refused, Span, drawn

# The topic's first 100 records of partition 1 have expired; no record of partition 2 was ever taken.
EXTENTS = [Extent(0, 0, 50), Extent(1, 100, 300), Extent(2, 0, 0)]
WHOLE = EXTENTS[:1] + EXTENTS[2:]


def plan(starts: Mapping[int, int] | None = None, ends: Mapping[int, int] | None = None) -> tuple[Span, ...]:
    return drawn(EXTENTS, starts, ends, from_log=False)


def test_from_the_beginning_everything_taken_is_gone_through() -> None:
    assert drawn(WHOLE, None, None, from_log=False) == (Span(0, 0, 50, 0),)


def test_from_the_beginning_is_refused_where_the_topic_no_longer_begins_there() -> None:
    with pytest.raises(Refused, match=r"partition 1 begins at 100.*--from-log"):
        plan()


def test_with_the_event_log_a_span_says_what_the_topic_still_holds() -> None:
    assert drawn(EXTENTS, None, None, from_log=True) == (Span(0, 0, 50, 0), Span(1, 0, 300, 100))
    assert drawn(EXTENTS, {1: 20}, {1: 60}, from_log=True) == (Span(1, 20, 60, 60, seeded=True),)


def test_only_the_partitions_whose_offsets_are_named_are_gone_through() -> None:
    assert plan({1: 120}) == (Span(1, 120, 300, 120, seeded=True),)


def test_an_end_bounds_its_partition_and_no_other() -> None:
    assert plan({0: 10, 1: 120}, {1: 150}) == (Span(0, 10, 50, 10, seeded=True), Span(1, 120, 150, 120, seeded=True))


def test_an_empty_span_is_left_out() -> None:
    assert plan({0: 50, 1: 120}) == (Span(1, 120, 300, 120, seeded=True),)


@pytest.mark.parametrize(
    ("starts", "ends", "why"),
    [
        pytest.param({1: 99}, None, "no longer holds", id="expired"),
        pytest.param({0: 51}, None, "offset 51 is out of range: the live lane stands at 50", id="never-reached"),
        pytest.param({0: 1}, {0: 51}, "offset 51 is out of range", id="ends-where-nothing-was-taken"),
        pytest.param({0: 20}, {0: 10}, "ends at 10, before its start at 20", id="backwards"),
        pytest.param({7: 0}, None, "there is no partition 7 to replay: there are 0, 1, 2", id="unknown-partition"),
        pytest.param({0: 1}, {9: 0}, "there is no partition 9", id="unknown-partition-to-end"),
    ],
)
def test_what_cannot_be_had_is_refused_with_its_reason(
    starts: Mapping[int, int], ends: Mapping[int, int] | None, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        plan(starts, ends)


def test_a_plan_counts_its_offsets() -> None:
    assert Plan("", (Span(0, 0, 50, 0), Span(1, 120, 300, 120, seeded=True)), frozenset()).records == 50 + 180
