"""Has promtool's engine run every query of the dashboard over what a busy `serve` said of itself: `make alerts-check`.

The engine reads series from a file of tests only, and says what a query found where that was not expected: so nothing
is expected of any, and each has to be named.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.hitting import hit
from tests.deploy.queries import panels
from tests.journeys.child import Child
from tests.journeys.system import System
from worker.embedded import Kafka, Postgres, temporary_folder

PAGES: Final = 6
# What lies between two pages, as the engine is told; in truth it is less.
INTERVAL_SECONDS: Final = 15
BUSY_SECONDS: Final = 12.0
# The census is taken every 15 seconds.
FIRST_CENSUS_SECONDS: Final = 60
TARGET: Final = {"namespace": "capital", "pod": "serve-0", "instance": "serve-0:8081"}

Series = Mapping[str, Sequence[float]]


async def pages() -> Series:
    """Each series of a `serve` at work, with a value a page."""
    with temporary_folder() as folder:
        async with Kafka(folder / "kafka") as kafka, Postgres(folder / "postgres") as postgres:
            system = System("executed", kafka.bootstrap, postgres.url, folder / "system")
            await system.prepare()
            child = system.child("serve")
            child.start()
            try:
                await child.ready()
                await child.until(lambda: _census(child), "seen to take a census", FIRST_CENSUS_SECONDS)
                return await _while_busy(system, child)
            finally:
                child.kill()


async def _census(child: Child) -> bool:
    return "capital_held_milestones{" in (await child.page("/metrics") or "")


async def _while_busy(system: System, child: Child) -> Series:
    settings = system.settings
    hitting = asyncio.create_task(hit(settings.ingress_port, settings.webhook_secrets[0], 2, BUSY_SECONDS))
    found: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(PAGES):
        for family in text_string_to_metric_families(await child.page("/metrics") or ""):
            for sample in family.samples:
                labels = ",".join(f"{name}={json.dumps(value)}" for name, value in (TARGET | sample.labels).items())
                found[f"{sample.name}{{{labels}}}"].append(sample.value)
        await asyncio.sleep(BUSY_SECONDS / PAGES)
    await hitting
    return found


def asked(series: Series) -> str:
    """What the engine says of the queries: each that found something, with what it found."""
    queries = dict.fromkeys(query for _, query in panels())
    when = f"{(PAGES - 1) * INTERVAL_SECONDS}s"
    test = {
        "interval": f"{INTERVAL_SECONDS}s",
        # A series that came later has nothing on the pages before.
        "input_series": [
            {"series": name, "values": " ".join(["_"] * (PAGES - len(values)) + [f"{value:.9g}" for value in values])}
            for name, values in series.items()
        ],
        "promql_expr_test": [{"expr": query, "eval_time": when, "exp_samples": []} for query in queries],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "queries.yaml")
        path.write_text(yaml.safe_dump({"tests": [test]}), encoding="utf-8")
        done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _found(query: str, answer: str) -> bool:
    """A refused query is named as well, with its error on the same line."""
    lines = [line.strip() for line in answer.splitlines() if ", err: " not in line]
    return any(line.startswith(f"expr: {json.dumps(query)}, ") for line in lines)


def main() -> int:
    """1 where a query found nothing or was refused, else 0."""
    answer = asked(asyncio.run(pages()))
    silent = [f"{title}: {query}" for title, query in panels() if not _found(query, answer)]
    sys.stdout.write(f"{len(panels())} queries of the dashboard executed, {len(silent)} found nothing\n")
    if silent:
        sys.stdout.write("\n".join([*silent, answer]) + "\n")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
