"""The figures of a fault run, and the table that is printed of them; they hide no problem and weigh none."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from tests.faults.complaints import Complaint
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


@dataclass(frozen=True)
class Round:
    """One strike: what it was and caught its part at, how long it lasted, and how long it was felt afterwards."""

    kind: str
    caught_at: str
    lasted: float
    recovered: float
    complaint: Complaint

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.caught_at}" if self.caught_at else self.kind

    def __str__(self) -> str:
        return f"{self.name}: lasted {self.lasted:.1f} s, recovered in {self.recovered:.1f} s; {self.complaint}"


@dataclass
class Figures:
    """Grows with the run. `problems` are lines by what they count as; `troubles` are all that else must not be."""

    seed: int
    rounds: list[Round] = field(default_factory=list)
    acknowledged: int = 0
    notifications: int = 0
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
        longest = max((one.recovered for one in self.rounds), default=0.0)
        totals: dict[str, object] = {
            "seed": self.seed,
            "rounds": len(self.rounds),
            "webhooks acknowledged": self.acknowledged,
            "notifications": self.notifications,
            **{name: self.counts[name] for name in COUNTED},
            "other troubles": len(self.troubles),
            "longest recovery": f"{longest:.1f} s",
        }
        yield from (f"{name:<40}{value!s:>7}" for name, value in totals.items())

    def _kinds(self) -> Iterator[str]:
        """Seconds from the end of each fault to its recovery; those it lasted are last, with what was logged."""
        if not self.rounds:
            return
        yield f"{'fault':<40}{'times':>7}{'median':>9}{'longest':>9}{'lasted':>9}  logged in the median round"
        for name in sorted({one.name for one in self.rounds}):
            rounds = sorted((one for one in self.rounds if one.name == name), key=lambda one: one.recovered)
            lasted = max(one.lasted for one in rounds)
            seconds = f"{median(one.recovered for one in rounds):>7.1f} s{rounds[-1].recovered:>7.1f} s{lasted:>7.1f} s"
            yield f"{name:<40}{len(rounds):>7}{seconds}  {rounds[len(rounds) // 2].complaint}"

    def _lines(self) -> Iterator[str]:
        for name in COUNTED:
            yield from (f"{name}: {line}" for line in self.problems[name][:PROBLEMS_SHOWN])
        yield from (f"trouble: {line}" for line in self.troubles)
