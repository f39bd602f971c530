"""The benchmark: `make bench` and `make bench-quick`; a measurement, which no test asserts."""

import argparse
import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from tests.bench import loads
from tests.bench.edge import edge
from tests.bench.loads import Load
from tests.bench.place import Place, opened
from tests.bench.refills import recorded, refills
from tests.bench.rounds import REFERENCE, SYSTEM, Plan, run, say

STANDARD = {"clean": loads.clean, "dirty": loads.dirty, "spread": loads.spread}
BATCHING = (REFERENCE, SYSTEM, "publishing", "arroyo")
# A transaction per event is so slow that it is measured with fewer of them.
ONE_BY_ONE = 20
QUICK = {
    "events": 20_000,
    "rounds": 1,
    "loads": "clean,few,dirty,refills",
    "subjects": f"{REFERENCE},{SYSTEM}",
    "seconds": 3,
}


def main() -> None:
    """Measure what was asked for, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loads", default="clean,few,dirty,spread,refills")
    parser.add_argument("--subjects", default=",".join((*BATCHING, "two owners")))
    parser.add_argument("--quick", action="store_const", const=QUICK, default={}, help="at most four minutes")
    parser.add_argument("--parts", default="drain,edge")
    parser.add_argument("--seconds", type=float, default=10, help="for each concurrency at the edge")
    parser.add_argument("--setting", action="append", default=[], help="NAME=VALUE for this system, to compare")
    chosen = parser.parse_args()
    vars(chosen).update(chosen.quick)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(_measured(chosen))


async def _measured(chosen: argparse.Namespace) -> None:
    async with opened() as place:
        parts = chosen.parts.split(",")
        if "edge" in parts:
            await edge(place, chosen.seconds)
        if "drain" not in parts:
            return
        subjects = tuple(chosen.subjects.split(","))
        plan = [await _load(place, name, chosen.events, subjects) for name in chosen.loads.split(",")]
        changes = dict(setting.split("=", 1) for setting in chosen.setting)
        plan = [(replace(load, settings={**load.settings, **changes}), names) for load, names in plan]
        await run(place, Plan(plan, chosen.rounds))


async def _load(place: Place, name: str, events: int, subjects: Sequence[str]) -> tuple[Load, Sequence[str]]:
    if name == "few":
        return replace(loads.clean(events // ONE_BY_ONE), name="few"), ("faststream",)
    if name == "refills":
        say("recording a world of refills")
        return refills(await recorded(place), events), (REFERENCE, SYSTEM)
    return STANDARD[name](events), subjects


if __name__ == "__main__":
    main()
