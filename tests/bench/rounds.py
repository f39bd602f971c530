"""Rounds: every subject drains every load in turn, again and again, so that the machine's moods meet all alike."""

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.drain import Drain, drain, median
from tests.bench.loads import Load
from tests.bench.place import Place
from tests.bench.subjects import PeerRun, Run, SystemRun

REFERENCE = "reference"
SYSTEM = "capital-worker"

# What is said of every drain.
COSTS = (
    "events/s",
    "CPU-s per 1,000: itself / Postgres / Kafka",
    "on a core / wanting one",
    "WAL bytes an event",
    "statements / transactions per 1,000",
    "peak MB",
    "lost / doubled / out of order / wrong rows",
)

Maker = Callable[[Place, Load, str, str], Run]


def _peer(module: str) -> Maker:
    def make(place: Place, load: Load, topic: str, name: str) -> Run:
        return PeerRun(place, load, topic, name, module)

    return make


SUBJECTS: Mapping[str, Maker] = {
    REFERENCE: _peer("reference"),
    "publishing": _peer("publishing"),
    SYSTEM: SystemRun,
    "two owners": lambda place, load, topic, name: SystemRun(place, load, topic, name, owners=2),
    "arroyo": _peer("arroyo_batches"),
    "faststream": _peer("faststream_events"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Loads, each with its subjects, and how many rounds. A load without the reference is compared to the first's."""

    loads: Sequence[tuple[Load, Sequence[str]]]
    rounds: int


async def run(place: Place, plan: Plan) -> None:
    """All rounds of all loads; a table for each load."""
    reference = float("nan")
    for number, (load, subjects) in enumerate(plan.loads):
        topic = f"load{number}"
        await place.preload(topic, load.messages)
        drains: defaultdict[str, list[Drain]] = defaultdict(list)
        for turn in range(plan.rounds):
            for index, subject in enumerate(subjects):
                name = f"run{number}_{turn}_{index}"
                drains[subject].append(await drain(place, SUBJECTS[subject](place, load, topic, name), load))
                say(f"  {load.name} round {turn + 1}: {subject}: {drains[subject][-1].rate:,.0f} events/s")
        if REFERENCE in drains:
            reference = median(drains[REFERENCE]).rate
        say(table(load, drains, reference))


def table(load: Load, drains: Mapping[str, Sequence[Drain]], reference: float) -> str:
    """One line a subject: the median round, ratios to the reference in the same rounds, and the worst verdict."""
    rounds = max(map(len, drains.values()))
    lines = [
        f"\n{load.name}: {len(load.messages):,} records, {load.mean_bytes:,.0f} bytes each; medians of {rounds}\n",
        head("subject", "of the reference", *COSTS),
    ]
    for subject, found in drains.items():
        middle = median(found)
        lines.append(f"| {subject} | {middle.rate / reference:.2f} | {costs(middle)} |")
    return "\n".join([*lines, ""])


def head(*columns: str) -> str:
    """The first two lines of a table."""
    return f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|"


def costs(drain: Drain) -> str:
    """The cells of `COSTS`."""
    cells = (
        f"{drain.rate:,.0f}",
        f"{drain.own:.3f} / {drain.postgres:.3f} / {drain.kafka:.3f}",
        f"{drain.on_core:.0%} / {drain.queued:.0%}",
        f"{drain.wal_bytes:,.0f}",
        f"{drain.statements:.1f} / {drain.transactions:.1f}",
        f"{drain.peak_bytes / 2**20:,.0f}",
        str(drain.verdict),
    )
    return " | ".join(cells)


def say(text: str) -> None:
    """Print at once: a run is long."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
