"""What processes use, as Linux counts it: CPU seconds and resident memory."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def own_seconds(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended; 0 where there is none."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def queued_seconds(pid: int) -> float:
    """Seconds in which a process could have run and no core was free; of its first thread, in which all of it runs."""
    try:
        return int((PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def tree_seconds(pid: int) -> float:
    """CPU seconds of a process and of all its descendants, those that have ended included."""
    return own_seconds(pid) + sum(tree_seconds(child) for child in _children(pid))


def _children(pid: int) -> Iterator[int]:
    try:
        for task in (PROC / str(pid) / "task").iterdir():
            yield from map(int, (task / "children").read_text().split())
    except (FileNotFoundError, ProcessLookupError):
        return


def idle_seconds() -> float:
    """Seconds that the machine's processors had nothing to do, summed over all of them, since it started."""
    return int((PROC / "stat").read_text().split(maxsplit=5)[4]) / TICKS


def peak_bytes(pid: int) -> int:
    """The most memory a process had resident at a time."""
    return _status(pid, "VmHWM")


def resident_bytes(pid: int) -> int:
    """The memory a process has resident now."""
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> int:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
