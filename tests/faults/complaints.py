"""What the processes say of their trouble: lines in their logs by event, and lanes ended in trouble by reason."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.fleet import Fleet
from worker.metrics import LABELS

# 2026-11-23T17:44:47.903012Z [warning  ] lane.interrupted               partition=0 reason='…'
LINE = re.compile(r"^\S+ \[(?:warning|error|critical)\s*\] (.+?)(?:\s{2,}|$)", re.MULTILINE)
# The worker's own; what else is there comes from the Kafka client, in many words.
OWN = re.compile(r"[a-z]+\.[a-z_]+")
OTHER = "client's"
RESTARTS = "capital_lane_restarts_total"


@dataclass(frozen=True)
class Complaint:
    """Everything said between two moments."""

    logged: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"logged {_listed(self.logged)}; counted {_listed(self.counted)}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"


class Complaints:
    """Reads on where it stopped reading."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._read: Counter[str] = Counter()
        self._counted: Counter[tuple[str, str]] = Counter()

    async def fresh(self) -> Complaint:
        """What was said since the last time."""
        events = [event for log in self._logs() for event in LINE.findall(log)]
        logged = Counter(event if OWN.fullmatch(event) else OTHER for event in events)
        counted = Counter[str]()
        for owner in self._fleet.owners:
            for reason in LABELS["restart_reason"]:
                now = int(await owner.metric(f'{RESTARTS}{{reason="{reason}"}}') or 0)
                before = self._counted[repr(owner), reason]
                # A new process counts from 0.
                counted[reason] += now - before if now >= before else now
                self._counted[repr(owner), reason] = now
        return Complaint(logged, +counted)

    def _logs(self) -> list[str]:
        """What is new in each log."""
        logs = []
        for child in (*self._fleet.children, *self._fleet.guests):
            whole = child.log()
            logs.append(whole[self._read[repr(child)] :])
            self._read[repr(child)] = len(whole)
        return logs
