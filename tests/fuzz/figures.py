"""The figures of one run: what was sent, what came back, what was found on the topic, and how much memory it took."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

MIB = 1_048_576
SHOWN = 10
ROWS = 12
# A page of metrics, a burst of large bodies and the client's own buffers come and go; a leak keeps coming.
GROWTH_BYTES = 24 * MIB


@dataclass(frozen=True)
class Sample:
    """The ingress at one moment: resident bytes, open files and inputs by then."""

    seconds: float
    resident: int
    files: int
    inputs: int


@dataclass
class Figures:
    """Everything counted; whatever is not well is in `complaints`, or in a number that should be 0."""

    seed: int
    inputs: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    acknowledged: int = 0
    found: int = 0
    lost: int = 0
    forged: int = 0
    samples: list[Sample] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def complain(self, what: str) -> None:
        """Something is not as it should be; the first of many are kept."""
        if len(self.complaints) < SHOWN:
            self.complaints.append(what)

    @property
    def growth(self) -> int:
        """By how many bytes the last third of the run took more than the second."""
        third = len(self.samples) // 3
        if third == 0:
            return 0
        return _peak(self.samples[-third:]) - _peak(self.samples[third : 2 * third])

    @property
    def good(self) -> bool:
        """Whether all is well."""
        return not (self.complaints or self.lost or self.forged or self.growth > GROWTH_BYTES)

    def table(self) -> str:
        """All of it, for people."""
        seconds = self.samples[-1].seconds if self.samples else 0
        lines = [
            f"seed          {self.seed}",
            f"inputs        {self.inputs.total()} in {seconds:.0f} s: {_listed(self.inputs)}",
            f"answers       {_listed(self.statuses)}; connections closed without one: {self.unanswered}",
            f"acknowledged  {self.acknowledged} capital events; records on the topic: {self.found}",
            f"lost          {self.lost}",
            f"forged        {self.forged}",
            "memory        second  resident MiB  files  inputs",
            *(f"{'':14}{s.seconds:6.0f}  {s.resident / MIB:12.1f}  {s.files:5}  {s.inputs:6}" for s in self._rows()),
            f"growth        {self.growth / MIB:.1f} MiB from the second third to the last",
            f"peak          {_peak(self.samples) / MIB:.1f} MiB",
            *(f"WRONG         {complaint}" for complaint in self.complaints),
            "all is well" if self.good else "NOT WELL",
        ]
        return "\n".join(lines)

    def _rows(self) -> Sequence[Sample]:
        """The peak of each of a dozen equal parts of the run."""
        marks = [round(part * len(self.samples) / ROWS) for part in range(ROWS + 1)]
        parts = [self.samples[start:end] for start, end in pairwise(marks) if end > start]
        return [max(part, key=lambda sample: sample.resident) for part in parts]


def _peak(samples: Sequence[Sample]) -> int:
    return max((sample.resident for sample in samples), default=0)


def _listed(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: str(item[0])))
