import pytest

from worker.replay.request import Moment, Offsets, Request, mark, moment, offsets


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2026-11-02T10:00:00Z", 1_793_613_600_000),
        ("2026-11-02T11:00:00+01:00", 1_793_613_600_000),
        ("2026-11-02T10:00:00.250Z", 1_793_613_600_250),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_a_time_is_read_with_its_zone(text: str, milliseconds: int) -> None:
    assert moment(text) == Moment(milliseconds)


@pytest.mark.parametrize("text", ["2026-11-02T10:00:00", "2026-11-02"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lacks its zone"):
        moment(text)


@pytest.mark.parametrize("text", ["yesterday", "", "1793613600"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment(text)


def test_a_time_is_said_as_it_can_be_read_again() -> None:
    assert str(Moment(1_793_613_600_250)) == "2026-11-02T10:00:00.250Z"
    assert moment(str(Moment(1_793_613_600_250))) == Moment(1_793_613_600_250)


def test_offsets_are_read_for_each_partition_named() -> None:
    assert offsets("0:1500,3:20") == Offsets({0: 1500, 3: 20})


@pytest.mark.parametrize("text", ["", "0", "0:", "0:1,", "a:1", "0:-1", "0:1 1:2"])
def test_what_is_no_list_of_offsets_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no list"):
        offsets(text)


def test_a_partition_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        offsets("0:1,0:2")


def test_a_mark_is_whichever_it_looks_like() -> None:
    assert mark("1:2") == Offsets({1: 2})
    assert mark("2026-11-02T10:00:00Z") == Moment(1_793_613_600_000)


def test_requests_that_mean_the_same_say_the_same() -> None:
    one = Request(Offsets({1: 2, 0: 5}), Moment(0), ("acct_b", "acct_a"))
    other = Request(Offsets({0: 5, 1: 2}), Moment(0), ("acct_a", "acct_b"))
    assert str(one) == str(other)
    said = "--from-offset 0:5,1:2 --until 1970-01-01T00:00:00.000Z --account acct_a --account acct_b"
    assert str(one) == said


def test_a_request_for_everything_says_so() -> None:
    assert str(Request()) == "--from-beginning"
    assert str(Request(from_log=True)) == "--from-beginning --from-log"
