"""The verdict on a round: what was read of the notifications topic against what the histories say must be there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from worker.showing.notification import Notification
from worker.simulator.oracle import Expected, Fault, Problem, judge

_NAMED: Final = (Fault.LOST, Fault.DOUBLED, Fault.UNEXPECTED, Fault.OUT_OF_ORDER)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many notifications were expected and read, and every problem found."""

    expected: int
    read: int
    others: int
    problems: tuple[Problem, ...]

    @classmethod
    def on(cls, notifications: Sequence[Notification], expected: Expected) -> Self:
        """Judge everything that was told, in the order it was read."""
        problems = judge([(told.id, told.account, told.sequence) for told in notifications], expected)
        unexpected = {problem.subject for problem in problems if problem.fault is Fault.UNEXPECTED}
        foreseen = sum(told.id in expected.ids or told.id in unexpected for told in notifications)
        return cls(len(expected.ids), foreseen, len(notifications) - foreseen, tuple(problems))

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def text(self) -> str:
        """One line of numbers, then one for each problem."""
        counts = Counter(problem.fault for problem in self.problems)
        named = ", ".join(f"{fault.replace('_', ' ')} {counts[fault]}" for fault in _NAMED)
        numbering = counts[Fault.GAP] + counts[Fault.RENUMBERED]
        wrong = f", wrongly numbered {numbering}" if numbering else ""
        others = f" ({self.others} others beside them)" if self.others else ""
        lines = [f"expected {self.expected} notifications, read {self.read}{others}: {named}{wrong}"]
        return "\n".join(lines + [f"  {p.fault.replace('_', ' ')}: {p.subject}: {p.detail}" for p in self.problems])
