"""What one decision of the rules costs: `make bench-rules`; a measurement, which no test asserts."""

import time
from collections.abc import Sequence

from tests.rules.lives import Life, cause
from tests.rules.orders import EMPTY
from worker.rules.decide import decide
from worker.rules.facts import Fact
from worker.rules.milestones import Milestone

DECISIONS = 100_000
ROUNDS = 5


def standard() -> list[Fact]:
    """One offer from its creation to its end."""
    a = Life("A")
    seconds = (1_000, 1_100, 1_200, 9_000)
    milestones = (Milestone.CREATED, Milestone.ACCEPTED, Milestone.PAID_OUT, Milestone.FULLY_REPAID)
    return [a.event(milestone, second) for milestone, second in zip(milestones, seconds, strict=True)]


def refill(currency: str) -> list[Fact]:
    """An original and its refill, both to their ends."""
    a, b = Life("A", currency=currency), Life("B", "refill", 2_000, currency, rate="0.2", discount_rate="0.5")
    end = 2_200 if currency == "usd" else 9_000
    return [
        a.event(Milestone.CREATED, 1_000),
        a.event(Milestone.ACCEPTED, 1_100),
        a.event(Milestone.PAID_OUT, 1_200),
        b.event(Milestone.CREATED, 2_000),
        b.event(Milestone.ACCEPTED, 2_100),
        a.event(Milestone.FULLY_REPAID, end),
        b.event(Milestone.PAID_OUT, 2_200),
        b.event(Milestone.FULLY_REPAID, 9_900),
    ]


def measured(history: Sequence[Fact]) -> float:
    """Microseconds of this process's own time for a decision, in the mean over all of one round."""
    record = cause()
    began = time.process_time()
    for _ in range(DECISIONS // len(history)):
        state = EMPTY
        for fact in history:
            state = decide(state, fact, record).state
    return (time.process_time() - began) / DECISIONS * 1e6


def main() -> None:
    """Print a line for each history, the rounds side by side."""
    histories = {"standard": standard(), "pay-down refill": refill("usd"), "stacked refill": refill("gbp")}
    print(f"microseconds a decision, mean of {DECISIONS:,} decisions, {ROUNDS} rounds")  # noqa: T201 - it prints
    for name, history in histories.items():
        rounds = "  ".join(f"{measured(history):5.1f}" for _ in range(ROUNDS))
        print(f"{name:16} {rounds}")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
