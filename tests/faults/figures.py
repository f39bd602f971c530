"""The figures of a fault run, and the table that is printed of them; they hide no problem and weigh none."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from worker.simulator.oracle import Fault

# A gap in an account's numbers is something lost; a number told out of turn is something out of order.
COUNTED_AS = {
    Fault.LOST: "lost",
    Fault.GAP: "lost",
    Fault.DOUBLED: "doubled",
    Fault.OUT_OF_ORDER: "out of order",
    Fault.RENUMBERED: "out of order",
    Fault.UNEXPECTED: "unexpected",
}
WRONG_ROWS = "wrong rows"
COUNTED = ("lost", "doubled", "out of order", "unexpected", WRONG_ROWS)
PROBLEMS_SHOWN = 40


@dataclass
class Figures:
    """Grows with the run. `problems` are lines by what they count as; `troubles` are all that else must not be."""

    seed: int
    rounds: int = 0
    acknowledged: int = 0
    notifications: int = 0
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    troubles: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many problems of each name."""
        return Counter({name: len(self.problems[name]) for name in COUNTED})

    @property
    def good(self) -> bool:
        """Whether nothing at all was wrong."""
        return not any(self.counts.values()) and not self.troubles

    def table(self) -> str:
        """All figures, then every problem in a line of its own."""
        return "\n".join([*self._totals(), "", *self._kinds(), *self._lines()])

    def _totals(self) -> Iterator[str]:
        longest = max((max(seconds) for seconds in self.recoveries.values() if seconds), default=0.0)
        totals: dict[str, object] = {
            "seed": self.seed,
            "rounds": self.rounds,
            "webhooks acknowledged": self.acknowledged,
            "notifications": self.notifications,
            **{name: self.counts[name] for name in COUNTED},
            "other troubles": len(self.troubles),
            "longest recovery": f"{longest:.1f} s",
        }
        yield from (f"{name:<24}{value!s:>10}" for name, value in totals.items())

    def _kinds(self) -> Iterator[str]:
        yield f"{'fault':<24}{'times':>10}{'median':>10}{'longest':>10}"
        for kind, seconds in sorted(self.recoveries.items()):
            median = sorted(seconds)[len(seconds) // 2]
            yield f"{kind:<24}{len(seconds):>10}{median:>8.1f} s{max(seconds):>8.1f} s"

    def _lines(self) -> Iterator[str]:
        for name in COUNTED:
            yield from (f"{name}: {line}" for line in self.problems[name][:PROBLEMS_SHOWN])
        yield from (f"trouble: {line}" for line in self.troubles)
