"""What a process holds, as Linux tells it: memory, open files, threads, connections to Postgres; and how it grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median

PROC = Path("/proc")
MEGABYTE_IN_KILOBYTES = 1024
ESTABLISHED = "01"
HOUR_SECONDS = 3600

# A sample's names, and by how much each may grow between the end of the warm-up and the end: a share and a number.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "memory MB": (0.10, 2),
    "open files": (0.10, 4),
    "threads": (0.0, 1),
    # Its pool opens what it needs and closes what is idle for five minutes; sixteen at most.
    "postgres connections": (0.0, 8),
}


def sample(process: int, postgres_port: int) -> Mapping[str, float]:
    """What it holds now, by the names of `BOUNDS`."""
    folder = PROC / str(process)
    lines = (folder / "status").read_text().splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    sockets = _sockets(folder)
    return {
        "memory MB": int(status["VmRSS"][0]) / MEGABYTE_IN_KILOBYTES,
        "open files": len(list((folder / "fd").iterdir())),
        "threads": int(status["Threads"][0]),
        "postgres connections": len(sockets & _connected(folder, postgres_port)),
    }


def _sockets(folder: Path) -> set[str]:
    """The inodes of its sockets."""
    targets = []
    for descriptor in (folder / "fd").iterdir():
        try:
            targets.append(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return {target.removeprefix("socket:[").removesuffix("]") for target in targets if target.startswith("socket:[")}


def _connected(folder: Path, port: int) -> set[str]:
    """The inodes of all sockets that are connected to a port, whoever has them."""
    rows = [line.split() for line in (folder / "net" / "tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] == ESTABLISHED and int(row[2].rpartition(":")[2], 16) == port}


@dataclass(frozen=True)
class Trend:
    """One measure of one process over time; `start` and `end` are medians of the first and last fifth."""

    name: str
    start: float
    end: float
    per_hour: float

    @classmethod
    def of(cls, name: str, seconds: Sequence[float], values: Sequence[float]) -> "Trend":
        """Through at least two samples, taken at these seconds."""
        fifth = max(1, len(values) // 5)
        slope = linear_regression(seconds, values).slope * HOUR_SECONDS
        return cls(name, median(values[:fifth]), median(values[-fifth:]), slope)

    @property
    def most(self) -> float:
        """What the end may be."""
        share, number = BOUNDS[self.name]
        return self.start * (1 + share) + number

    @property
    def good(self) -> bool:
        """Whether it grew no more than it may."""
        return self.end <= self.most

    def __str__(self) -> str:
        figures = f"{self.start:>9.1f}{self.end:>9.1f}{self.per_hour:>+11.1f}{self.most:>9.1f}"
        return f"{self.name:<22}{figures}{'' if self.good else '  grows'}"
