from dataclasses import dataclass

import pytest

from worker.consumer.brake import Brake, Braked, Limits

LIMITS = Limits(count=3, ratio=0.5, seconds=60)


@dataclass
class Clock:
    """Time that passes only when told."""

    seconds: float = 0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


def committed(brake: Brake, records: int, quarantined: int) -> None:
    brake.check(records, quarantined)
    brake.count(records, quarantined)


def test_quarantines_add_up_over_batches() -> None:
    brake = Brake(LIMITS, Clock())
    committed(brake, 1, 1)
    committed(brake, 1, 1)
    with pytest.raises(Braked, match="3 of 3 records of the last 60 s"):
        brake.check(1, 1)


def test_many_quarantines_among_very_many_records_are_no_reason() -> None:
    brake = Brake(LIMITS, Clock())
    committed(brake, 100, 0)
    committed(brake, 10, 10)
    with pytest.raises(Braked):
        brake.check(90, 90)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    clock = Clock()
    brake = Brake(LIMITS, clock)
    committed(brake, 2, 2)
    clock.seconds = 61
    committed(brake, 2, 2)


def test_a_batch_that_was_checked_and_not_committed_does_not_count() -> None:
    brake = Brake(LIMITS, Clock())
    for _ in range(10):
        brake.check(2, 2)


def test_a_batch_without_quarantines_passes_a_brake_that_is_on() -> None:
    brake = Brake(LIMITS, Clock())
    committed(brake, 2, 2)
    with pytest.raises(Braked):
        brake.check(1, 1)
    committed(brake, 1, 0)
