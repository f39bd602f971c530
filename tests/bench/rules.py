"""What one decision of the rules costs: `make bench-rules`; a measurement, which no test asserts."""

import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median

from tests.rules.lives import Life, cause
from tests.rules.orders import EMPTY
from worker.rules.decide import decide
from worker.rules.facts import Fact
from worker.rules.milestones import Milestone

DECISIONS = 100_000
ROUNDS = 9


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
    """Microseconds of this process's CPU time for a decision, in the mean over all of one round.

    What neighbours on the machine take is not in it, but that they slow the core down is: hence several rounds.
    """
    record = cause()
    began = time.process_time()
    for _ in range(DECISIONS // len(history)):
        state = EMPTY
        for fact in history:
            state = decide(state, fact, record).state
    return (time.process_time() - began) / DECISIONS * 1e6


def lines(promises: Mapping[str, int], rounds: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """What is promised of each history; the best round, the median one, and the mean of all decisions."""
    yield f"microseconds of CPU time a decision, {len(rounds)} rounds of {DECISIONS:,} decisions each"
    yield f"{'':16} {'at most':>7} {'best':>7} {'median':>7} {'mean':>7}"
    for name, promised in promises.items():
        costs = [costs[name] for costs in rounds]
        yield f"{name:16} {promised:7} {min(costs):7.1f} {median(costs):7.1f} {fmean(costs):7.1f}"


def main() -> None:
    """Measure and print."""
    histories = {"standard": standard(), "pay-down refill": refill("usd"), "stacked refill": refill("gbp")}
    promises = {"standard": 20, "pay-down refill": 40, "stacked refill": 40}
    # The histories take turns, so that a loud neighbour is loud for all of them.
    rounds = [{name: measured(history) for name, history in histories.items()} for _ in range(ROUNDS)]
    print("\n".join(lines(promises, rounds)))  # noqa: T201 - it prints


if __name__ == "__main__":
    main()
