from structlog.testing import capture_logs

from worker.ingress.refusals import Refusals


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


def test_a_flood_of_refusals_is_one_line_for_each_outcome() -> None:
    refusals = Refusals(Clock(), every=10)
    with capture_logs() as lines:
        for _ in range(1000):
            refusals.note("wrong_signature")
            refusals.note("unsigned")
    assert [line["outcome"] for line in lines] == ["wrong_signature", "unsigned"]


def test_the_next_line_says_how_many_were_left_out() -> None:
    clock = Clock()
    refusals = Refusals(clock, every=10)
    with capture_logs() as lines:
        for second in (0, 1, 9, 10, 20):
            clock.seconds = second
            refusals.note("stale_signature")
    assert [line["unlogged"] for line in lines] == [0, 2, 0]
    assert lines[0]["event"] == "webhook.refused"
