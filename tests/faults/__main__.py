"""`python -m tests.faults`: strikes a fleet for so many rounds, prints the figures, and exits 0 only if all is well."""

import argparse
import asyncio
import logging
import sys

from tests.faults.runner import Plan, run
from tests.faults.strikes import STRIKES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=len(STRIKES), help="strikes, one after another")
    parser.add_argument("--seed", type=int, default=1, help="of all chance")
    parser.add_argument("--kinds", default=",".join(STRIKES), help="what to strike with, separated by commas")
    parser.add_argument("--break", dest="broken", choices=("fence", "marker"), help="owners do without; must fail")
    chosen = parser.parse_args()
    kinds = tuple(chosen.kinds.split(","))
    if unknown := set(kinds) - STRIKES.keys():
        parser.error(f"unknown kinds: {', '.join(sorted(unknown))}")
    # The listener's client complains of every broker that is struck.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    figures = asyncio.run(run(Plan(chosen.rounds, chosen.seed, kinds, chosen.broken)))
    sys.stdout.write(f"\n{figures.table()}\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
