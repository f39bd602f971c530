"""Replay against the live path in one run: `python -m tests.bench.replay --events N`; a measurement, not a test.

The same records are drained once by `consume`, publishing included, and once by `replay --from-beginning`, each as one
process on the same servers. Machines differ and are shared: what counts are the ratio, and memory over time.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from aiokafka import AIOKafkaProducer

from tests.journeys.system import ROOT, System
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.embedded import Kafka, Postgres, temporary_folder
from worker.headers import kept_headers
from worker.ports import Headers
from worker.simulator.disorder import disordered
from worker.simulator.world import World

ACCOUNTS = 1_000
LOOK_SECONDS = 0.25
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """One way through the records: seconds of the wall and of its process, and its memory, in MiB, as it went."""

    name: str
    events: int
    seconds: float = 0
    process_seconds: float = 0
    memory: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def line(self) -> str:
        """For people."""
        quarter = max(1, len(self.memory) // 4)
        first, last = max(self.memory[:quarter]), max(self.memory[-quarter:])
        return (
            f"{self.name:8} {self.rate:9,.0f} events/s {self.seconds:8.1f} s {self.process_seconds:8.1f} s of CPU"
            f"   memory {first:6.0f} MiB in the first quarter, {last:6.0f} in the last"
        )


def endless(seed: int) -> Iterator[tuple[bytes, bytes, Headers]]:
    """Keys, bodies and headers of a world, lived again and again by other accounts."""
    events = disordered(World(seed=seed, accounts=ACCOUNTS, kinds=WITHOUT_LOOKUPS).events(), seed=seed)
    for generation in count():
        new = b"_%d_" % generation
        for event in events:
            body = event.body
            for prefix in (b"acct", b"evt", b"financingoffer", b"cptxn"):
                body = body.replace(b'"%s_' % prefix, b'"%s%s' % (prefix, new))
            key = event.account.encode().replace(b"acct_", b"acct" + new)
            # By its type the ingress says which way of reading to try first.
            yield key, body, kept_headers(event.type, ours=False, quiet=False)


async def fill(system: System, events: int) -> None:
    """Put so many events on the topic."""
    bootstrap = system.environ["CAPITAL_KAFKA_BOOTSTRAP"]
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks=1, linger_ms=20, max_batch_size=1_048_576
    ) as producer:
        for key, body, headers in islice(endless(1), events):
            await producer.send(system.settings.events_topic, body, key=key, headers=list(headers))
        await producer.flush()


async def taken(system: System, schema: str) -> int:
    """How many offsets the lanes of a schema have gone through."""
    ((exists,),) = await system.rows("SELECT to_regclass($1) IS NOT NULL", f"{schema}.cursor")
    if not exists:
        return 0
    ((offsets,),) = await system.rows(f"SELECT coalesce(sum(next_offset), 0)::bigint FROM {schema}.cursor")
    return int(str(offsets))


async def through(system: System, arguments: list[str], schema: str, measured: Measured) -> "subprocess.Popen[str]":
    """Start a process, and measure it from its first committed record to its last."""
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else goes on while it is begun
        [sys.executable, "-m", "worker", *arguments],
        cwd=ROOT,
        env=system._environment({"CAPITAL_LOG_LEVEL": "error"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    while not (first := await taken(system, schema)):  # noqa: ASYNC110 - another process has no events
        await asyncio.sleep(LOOK_SECONDS)
    began, used = time.monotonic(), cpu_seconds(process.pid)
    now = first
    while now < measured.events:
        assert process.poll() is None, "the process ended before it was through"
        await asyncio.sleep(LOOK_SECONDS)
        measured.memory.append(memory(process.pid))
        # Processes it began may be gone when it is through, and what they used with them.
        measured.process_seconds = max(measured.process_seconds, cpu_seconds(process.pid) - used)
        now = await taken(system, schema)
    measured.events -= first
    measured.seconds = time.monotonic() - began
    return process


def family(pid: int) -> list[int]:
    """A process and those that it began."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process and those it began have used."""
    ticks = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def memory(pid: int) -> float:
    """What a process and those it began have resident, in MiB."""
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in family(pid))
    return pages * PAGE_BYTES / 2**20


async def measure(system: System, events: int) -> tuple[Measured, Measured, dict[str, object]]:
    """Both ways, and what the replay reported in the end."""
    await system.prepare()
    await fill(system, events)
    live, replayed = Measured("live", events), Measured("replay", events)
    consume = await through(system, ["consume"], system.name, live)
    consume.terminate()
    await asyncio.to_thread(consume.communicate)
    arguments = ["replay", "--from-beginning", "--json"]
    replay = await through(system, arguments, f"{system.name}_replay_all", replayed)
    began = time.monotonic()
    report, _ = await asyncio.to_thread(replay.communicate)
    compared: dict[str, object] = json.loads(report.splitlines()[-1])["compared"]
    return live, replayed, compared | {"seconds_to_compare": round(time.monotonic() - began, 1)}


async def main() -> int:
    """Print a line for each way, the ratio, and what differed: 0 only where nothing did."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.replay", description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    chosen = parser.parse_args()
    with temporary_folder() as folder, tempfile.TemporaryDirectory() as logs:
        async with Kafka(folder / "kafka") as kafka, Postgres(folder / "postgres") as postgres:
            system = System("bench", kafka.bootstrap, postgres.url, Path(logs) / "system")
            live, replayed, compared = await measure(system, chosen.events)
    sys.stdout.write(f"{live.line()}\n{replayed.line()}\n")
    sys.stdout.write(f"ratio {replayed.rate / live.rate:.2f} of events a second\n{json.dumps(compared)}\n")
    return 0 if compared["accounts_that_differ"] == 0 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
