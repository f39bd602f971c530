"""How long a notification takes: from the ingress' answer to a reader of committed records, idle and at half load.

Half of what? Of what the whole path bears: webhooks sent as fast as they are answered, until the last notification is
read. And of what one process drains from a topic, which leaves no core for who receives, sends and reads.
"""

import asyncio
import json
import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench import loads
from tests.bench.awaiting import ONE_AT_A_TIME_RATE
from tests.bench.drain import drain
from tests.bench.place import PARTITIONS, Consumed, Place
from tests.bench.rounds import head, say
from tests.bench.subjects import SystemRun
from tests.bench.usage import idle_seconds, own_seconds, queued_seconds
from tests.journeys.child import Child
from tests.journeys.system import ROOT, System

# What one process drains, and what the path bears, is measured before, in the same run.
DRAINED = 20_000
# For a transaction, a broker that was just started uses three times the CPU of one that has run for half a minute: its
# code is compiled while it runs.
WARMING_UP_TIMES = 3
WARMING_UP_RATE = 300
# One webhook at a time needs longer to be as many.
IDLE_TIMES = 4
SHARES = {"a quarter of what the path bears": 1 / 4, "half of what the path bears": 1 / 2}
OBSERVED = ("batch_seconds", "publish_seconds", "batch_records")
LATENCIES = {
    "seen": "answer to notification",
    "told": "of it: until the relay has it",
    "published": "transaction and reading",
    "answered": "webhook to answer",
}
COLUMNS = (
    "load",
    "webhooks a second",
    *(f"{meaning}: p50 / p99 / p99.9 ms" for meaning in LATENCIES.values()),
    "mean ms a batch / its publishing",
    "records a batch",
    "CPU-s per 1,000: consume / ingress / Postgres / Kafka",
    "consume on a core / wanting one",
    "machine idle",
)


@dataclass(frozen=True, slots=True)
class Running:
    """A system at work."""

    place: Place
    system: System
    ingress: Child
    consume: Child


@dataclass(frozen=True, slots=True)
class Moment:
    """What had been used by one time: CPU seconds, idle seconds of the machine, and what the lanes observed.

    `queued`: seconds for which the lanes could have run, had a core been free.
    """

    at: float
    idle: float
    consume: float
    ingress: float
    queued: float
    servers: Consumed
    observed: Mapping[str, float]

    @classmethod
    async def now(cls, running: Running) -> "Moment":
        consume = running.consume.pid
        own = (own_seconds(consume), own_seconds(running.ingress.pid), queued_seconds(consume))
        observed = await _histograms(running.consume)
        return cls(time.monotonic(), idle_seconds(), *own, await running.place.consumed(), observed)


async def latency(place: Place, seconds: float, settings: Mapping[str, str]) -> None:
    """Idle, then at shares of what the path bears, and at half of what one process drains; print a table."""
    load = loads.clean(DRAINED)
    await place.preload("sustained", load.messages)
    drained = (await drain(place, SystemRun(place, load, "sustained", "sustained"), load)).rate
    system = System("latency", place.kafka.bootstrap, place.postgres.url, place.folder / "latency")
    system.environ |= {"CAPITAL_TOPIC_PARTITIONS": str(PARTITIONS), **settings}
    await system.prepare()
    running = Running(place, system, system.child("ingress"), system.child("consume"))
    try:
        for child in (running.ingress, running.consume):
            child.start()
            await child.ready()
        await _awaited(system, int(seconds * WARMING_UP_TIMES * WARMING_UP_RATE), WARMING_UP_RATE)
        bears = (await _awaited(system, DRAINED, math.inf))["done"]
        say(f"\nlatency: in this run the path bears {bears:,.0f} webhooks/s, and one process drains {drained:,.0f}\n")
        say(head(*COLUMNS))
        say(await _measured(running, "idle", seconds * IDLE_TIMES, 0))
        for name, share in SHARES.items():
            say(await _measured(running, name, seconds, bears * share))
        say(await _measured(running, "half of a drain", seconds, drained / 2))
    finally:
        for child in (running.ingress, running.consume):
            child.kill()


async def _measured(running: Running, name: str, seconds: float, rate: float) -> str:
    before = await Moment.now(running)
    found = await _awaited(running.system, int(seconds * (rate or ONE_AT_A_TIME_RATE)), rate)
    after = await Moment.now(running)
    thousands = found["webhooks"] / 1000
    servers = after.servers - before.servers
    costs = (after.consume - before.consume, after.ingress - before.ingress, servers.postgres, servers.kafka)
    took = after.at - before.at
    idle = (after.idle - before.idle) / took / (os.cpu_count() or 1)
    batch, publishing, size = (_mean(f"capital_{name}", before, after) for name in OBSERVED)
    cells = [
        name,
        f"{found['rate']:,.0f}",
        *(" / ".join(f"{found[f'{kind} {place}']:.1f}" for place in ("p50", "p99", "p99.9")) for kind in LATENCIES),
        f"{batch * 1000:.1f} / {publishing * 1000:.1f}",
        f"{size:.1f}",
        " / ".join(f"{cost / thousands:.3f}" for cost in costs),
        f"{(after.consume - before.consume) / took:.0%} / {(after.queued - before.queued) / took:.0%}",
        f"{idle:.0%}",
    ]
    return f"| {' | '.join(cells)} |"


def _mean(name: str, before: Moment, after: Moment) -> float:
    """Of what a histogram observed between two moments."""
    total, count = (after.observed[f"{name}_{part}"] - before.observed[f"{name}_{part}"] for part in ("sum", "count"))
    return total / count


async def _histograms(child: Child) -> dict[str, float]:
    """Sums and counts of what the lanes and the relays observed so far."""
    lines = (line.split() for line in (await child.page("/metrics") or "").splitlines())
    return {line[0]: float(line[1]) for line in lines if line[0].endswith(("_sum", "_count"))}


async def _awaited(system: System, count: int, rate: float) -> dict[str, Any]:
    """Who sends and who reads is a process of its own, so that its CPU is nobody's else."""
    settings = system.settings
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.awaiting"),
        *(str(settings.ingress_port), settings.webhook_secrets[0], settings.kafka_bootstrap),
        *(settings.notifications_topic, str(settings.topic_partitions), str(count), str(rate)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(out)
    return answer
