"""The edge under load: webhooks a second up to the broker's acknowledgement, beside the same server verifying only."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.place import Place
from tests.bench.rounds import head, say
from tests.bench.usage import own_seconds, peak_bytes
from tests.journeys.child import Child
from tests.journeys.system import ROOT, System
from worker.embedded.free_ports import free_ports

CONNECTIONS = (1, 16, 64, 256)
COLUMNS = (
    "server",
    "connections",
    "requests/s",
    "p50 / p99 / p99.9 ms",
    "server's CPU-s per 1,000",
    "requests/s a core",
    "peak MB",
    "refused",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server of webhooks as a process, and how to reach it."""

    name: str
    child: Child
    port: int
    secret: str


async def edge(place: Place, seconds: float) -> None:
    """Hit both servers at several concurrencies, in turn; print a table."""
    system = System("edge", place.kafka.bootstrap, place.postgres.url, place.folder / "edge")
    await system.topics()
    port = free_ports(1)[0]
    verifying = [sys.executable, "-m", "tests.bench.verifying", str(port), "whsec_edge"]
    servers = [
        Server("acknowledged", system.child("ingress"), int(system.environ["CAPITAL_INGRESS_PORT"]), "whsec_edge"),
        Server("verifying only", Child(verifying, ROOT, {}, place.folder / "verifying.log", port), port, "whsec_edge"),
    ]
    say(f"\n{head(*COLUMNS)}")
    try:
        for server in servers:
            server.child.start()
            await server.child.ready()
        for connections in CONNECTIONS:
            for server in servers:
                say(await _measured(server, connections, seconds))
    finally:
        for server in servers:
            server.child.kill()


async def _measured(server: Server, connections: int, seconds: float) -> str:
    before = own_seconds(server.child.pid)
    found = await hit([str(server.port), server.secret, str(connections), str(seconds)])
    cost = (own_seconds(server.child.pid) - before) / found["requests"]
    latencies = " / ".join(f"{found[name]:.1f}" for name in ("p50", "p99", "p99.9"))
    return (
        f"| {server.name} | {connections} | {found['rate']:,.0f} | {latencies} | {cost * 1000:.3f} "
        f"| {1 / cost:,.0f} | {peak_bytes(server.child.pid) / 2**20:,.0f} | {found['refused']:.0f} |"
    )


async def hit(arguments: Sequence[str]) -> dict[str, Any]:
    """The generator is a process of its own, so that its CPU is nobody's else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.hitting", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(out)
    return answer
