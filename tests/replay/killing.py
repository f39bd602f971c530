"""A replay killed with SIGKILL again and again: `python -m tests.replay.killing --rounds 20 --seed 1`.

It prints a line a round, and exits 0 only if the replay, taken up after each kill, ends without a difference.
"""

import argparse
import asyncio
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.journeys.system import ROOT, System
from tests.replay.living import history, lived
from worker.embedded import Kafka, Postgres, temporary_folder

NAME = "killed"
RECORDS_A_ROUND = 1_000
# One round in four ends while the process still starts; the others, after it has done some of the work.
STARTING_SECONDS = 2.0
ROUND_SECONDS = 120
LOOK_SECONDS = 0.005


@dataclass
class Rounds:
    """What happened: kills, those of them in the middle of the work, and the last report."""

    kills: int = 0
    at_work: int = 0
    status: int | None = None
    report: str = ""


def command(system: System, *arguments: str) -> "subprocess.Popen[str]":
    """A replay as a process, in small batches, so that there are many moments to be killed at."""
    return subprocess.Popen(
        [sys.executable, "-m", "worker", "replay", "--from-beginning", "--name", NAME, "--json", *arguments],
        cwd=ROOT,
        env=system._environment({"CAPITAL_BATCH_SIZE": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def done(system: System) -> int:
    """How many offsets the shadow has gone through by now."""
    cursor = f"{system.name}_replay_{NAME}.cursor"
    try:
        ((offsets,),) = await system.rows(f"SELECT coalesce(sum(next_offset), 0)::bigint FROM {cursor}")
    except asyncpg.UndefinedTableError:
        return 0
    return int(str(offsets))


async def until(system: System, replay: "subprocess.Popen[str]", offsets: int) -> None:
    """Return once so many offsets are done, or the process has ended."""
    async with asyncio.timeout(ROUND_SECONDS):
        while replay.poll() is None and await done(system) < offsets:  # noqa: ASYNC110 - rows give no signal
            await asyncio.sleep(LOOK_SECONDS)


async def killed(system: System, rounds: int, seed: int) -> Rounds:
    """Live a history, then kill its replay so often, and let it end."""
    await lived(system, history(seed, accounts=RECORDS_A_ROUND * rounds // 7), apart_ms=1)
    chance, found = random.Random(seed), Rounds()
    for number in range(rounds):
        before = await done(system)
        replay = command(system)
        if chance.random() < 1 / 4:
            await asyncio.sleep(chance.uniform(0, STARTING_SECONDS))
        else:
            await until(system, replay, before + chance.randrange(1, RECORDS_A_ROUND // 3))
        alive = replay.poll() is None
        replay.send_signal(signal.SIGKILL)
        await asyncio.to_thread(replay.communicate)
        after = await done(system)
        found.kills += alive
        found.at_work += alive and after > before
        sys.stdout.write(f"round {number + 1}: killed at {after} offsets, {after - before} more than before\n")
    last = command(system)
    found.report, _ = await asyncio.to_thread(last.communicate)
    found.status = last.returncode
    return found


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.replay.killing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.monotonic()
    with temporary_folder() as folder, tempfile.TemporaryDirectory() as logs:
        async with Kafka(folder / "kafka") as kafka, Postgres(folder / "postgres") as postgres:
            system = System("killing", kafka.bootstrap, postgres.url, Path(logs) / "system")
            found = await killed(system, chosen.rounds, chosen.seed)
            await system.close()
    sys.stdout.write(f"{found.kills} kills, {found.at_work} at work, in {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(f"the replay ended with {found.status}: {json.dumps(json.loads(found.report.splitlines()[-1]))}\n")
    return 0 if found.status == 0 and found.kills == chosen.rounds else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
