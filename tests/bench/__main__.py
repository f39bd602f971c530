"""The benchmark: `make bench` and `make bench-quick`; a measurement, which no test asserts."""

import argparse
import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.bench import loads
from tests.bench.edge import edge
from tests.bench.latency import latency
from tests.bench.loads import Load
from tests.bench.memory import memory
from tests.bench.place import Place, opened
from tests.bench.refills import recorded, refills
from tests.bench.rounds import REFERENCE, SYSTEM, Plan, run, say
from tests.bench.scale import Sizes, scale

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
    "scaled": 6_000,
    "partitions": "1,2",
    "rows": "0,100000",
    "many": 20_000,
}


def main() -> None:
    """Measure what was asked for, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_const", const=QUICK, default={}, help="some four minutes")
    parser.add_argument("--parts", default="drain,edge,latency,scale,memory", help="any of these, with commas between")
    parser.add_argument("--events", type=int, default=120_000, help="drain: on each topic")
    parser.add_argument("--rounds", type=int, default=3, help="drain, scale: of which the median counts")
    parser.add_argument("--loads", default="clean,few,dirty,spread,refills", help="drain: the topics")
    parser.add_argument("--subjects", default=",".join((*BATCHING, "two owners")), help="drain: who is measured")
    parser.add_argument("--setting", action="append", default=[], help="drain, latency: NAME=VALUE for this system")
    parser.add_argument("--seconds", type=float, default=10, help="edge, latency: for each load; idle, four times that")
    parser.add_argument("--scaled", type=int, default=40_000, help="scale: events for each drain")
    parser.add_argument("--partitions", default="1,4,8,24", help="scale: of the topic; some 1,500 events for each")
    parser.add_argument("--rows", default="0,1000000,4000000", help="scale: in the event log; 2.2 KB of disk each")
    parser.add_argument("--many", type=int, default=400_000, help="memory: events that pass through each role")
    chosen = parser.parse_args()
    vars(chosen).update(chosen.quick)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(_measured(chosen))


async def _measured(chosen: argparse.Namespace) -> None:
    parts = chosen.parts.split(",")
    changes = dict(setting.split("=", 1) for setting in chosen.setting)
    async with opened() as place:
        if "edge" in parts:
            await edge(place, chosen.seconds)
        if "latency" in parts:
            await latency(place, chosen.seconds, changes)
        if "scale" in parts:
            partitions, rows = ([*map(int, listed.split(","))] for listed in (chosen.partitions, chosen.rows))
            await scale(place, Sizes(chosen.scaled, partitions, rows, chosen.rounds))
        if "memory" in parts:
            await memory(place, chosen.many)
        if "drain" in parts:
            await _drained(place, chosen, changes)


async def _drained(place: Place, chosen: argparse.Namespace, changes: Mapping[str, str]) -> None:
    subjects = tuple(chosen.subjects.split(","))
    plan = [await _load(place, name, chosen.events, subjects) for name in chosen.loads.split(",")]
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
