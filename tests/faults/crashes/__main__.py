"""`python -m tests.faults.crashes`: stops owners at every step and prints what was tried; 0 only if all came right."""

import argparse
import sys
import time

from tests.faults.crashes.search import Scope, Search
from tests.faults.crashes.stage import Cast


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crashes", description=__doc__)
    parser.add_argument("--orders", type=int, default=4, help="orders in which lane and relay take turns")
    parser.add_argument("--pairs", type=int, default=500, help="pairs of points for each plot in each order")
    parser.add_argument("--seed", type=int, default=1, help="of all chance")
    chosen = parser.parse_args()
    began = time.monotonic()
    findings = Search(Scope(chosen.orders, chosen.pairs, chosen.seed), Cast()).run()
    sys.stdout.write(f"{findings.table()}\n{time.monotonic() - began:.0f} s\n")
    return 1 if findings.problems else 0


if __name__ == "__main__":
    sys.exit(main())
