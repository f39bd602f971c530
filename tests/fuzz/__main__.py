"""`python -m tests.fuzz`: hostile clients against a real ingress for a while; exits 0 only if all is well."""

import argparse
import asyncio
import logging
import sys

from tests.fuzz.figures import Figures
from tests.fuzz.runner import Plan, run
from tests.journeys.system import System
from worker.embedded import Kafka, temporary_folder


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="of all chance")
    parser.add_argument("--input", type=int, help="one input alone, by its number")
    chosen = parser.parse_args()
    only = chosen.input is not None
    plan = Plan(chosen.seconds, chosen.seed, first=chosen.input or 0, only=only)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    figures = asyncio.run(_run(plan))
    sys.stdout.write(f"\n{figures.table()}\n")
    return 0 if figures.good else 1


async def _run(plan: Plan) -> Figures:
    with temporary_folder() as folder:
        async with Kafka(folder / "kafka") as kafka:
            # The ingress needs no database.
            system = System("fuzz", kafka.bootstrap, "postgresql://nowhere", folder / "roles")
            await system.topics()
            try:
                return await run(plan, system, lambda line: print(line, flush=True))  # noqa: T201 - a command prints
            finally:
                await system.close()


if __name__ == "__main__":
    sys.exit(main())
