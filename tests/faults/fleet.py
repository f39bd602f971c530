"""The fleet of a fault run: brokers, a database, Stripe's API and the roles as processes; nothing of it stays."""

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.child import Child
from tests.journeys.system import ROOT, System
from worker.embedded import Kafka, Postgres, temporary_folder
from worker.embedded.free_ports import free_ports
from worker.simulator.stripe_api import StripeApi
from worker.simulator.world import World

PARTITIONS = 8
SESSION_SECONDS = 3
TAKEN_OVER_SECONDS = 60.0
LINES_BEFORE = 2
# The first two are always there.
OWNERS = ("one", "two", "three", "four", "five")
# The driver's pool, in words of its own, each time it finds the database gone.
FORESEEN = "Failed to restore the pool connection floor"
SETTINGS = {
    "CAPITAL_TOPIC_PARTITIONS": str(PARTITIONS),
    "CAPITAL_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
    # Dynamic membership: an owner that comes back is a new one, and lanes really change hands.
    "CAPITAL_GROUP_INSTANCE_ID": "",
    "CAPITAL_ORDER_GRACE_SECONDS": "1",
    "CAPITAL_GATE_GRACE_SECONDS": "1",
    "CAPITAL_DISCOUNT_SCHEDULE_SECONDS": "0.1,0.2,0.3",
    "CAPITAL_LOOKUP_BACKOFF_SECONDS": "0.1",
    "CAPITAL_LOOKUP_REQUESTS_PER_SECOND": "100",
    "CAPITAL_STRIPE_API_KEY": "sk_live_played,sk_test_played",
}


@dataclass(frozen=True)
class Fleet:
    """Everything that can be struck. Guests are owners that run only during a storm."""

    kafka: Kafka
    postgres: Postgres
    system: System
    ingress: Child
    lookup: Child
    owners: tuple[Child, Child]
    guests: tuple[Child, ...]

    @property
    def children(self) -> Sequence[Child]:
        """Every process of the worker that is to run."""
        return (self.ingress, self.lookup, *self.owners)

    def start(self) -> None:
        """Begin every process."""
        for child in self.children:
            child.start()

    async def ready(self) -> None:
        """Return once all are ready; fails with the end of a log where one is not, or has ended by itself."""
        for child in self.children:
            await child.ready()

    async def shared(self) -> None:
        """Return once each owner works on half of the lanes."""
        for owner in self.owners:
            await works_on(owner, PARTITIONS // 2)

    async def end(self) -> None:
        """End every process as an orchestrator does; fails where one does not end well."""
        for child in self.children:
            status = await child.terminate()
            assert status == 0, f"{child} ended with status {status}\n{child.report()}"

    def reports(self) -> str:
        """The ends of all logs."""
        return "\n".join(child.report() for child in self.children)

    def stack_traces(self) -> Sequence[str]:
        """Every stack trace in a log: an error that was foreseen is logged without one."""
        return [
            f"in the log of {child}:\n{trace}"
            for child in (*self.children, *self.guests)
            for trace in _traces(child.log())
        ]


async def works_on(owner: Child, lanes: int) -> None:
    """Return once it has so many lanes, and all of them work."""

    async def has_them() -> bool:
        return await owner.metric("capital_lanes") == lanes and await owner.page("/readyz") is not None

    await owner.until(has_them, f"working on {lanes} lanes", TAKEN_OVER_SECONDS)


def _traces(log: str) -> Iterator[str]:
    """Each with the lines before it, which say who logged it, and the error that ends it."""
    lines = log.splitlines()
    for number, line in enumerate(lines):
        foreseen = number > 0 and FORESEEN in lines[number - 1]
        if line.startswith(("Traceback", "  + Exception Group Traceback")) and not foreseen:
            ends = (end for end in range(number + 1, len(lines)) if not lines[end].startswith(" "))
            yield "\n".join(lines[max(0, number - LINES_BEFORE) : next(ends, len(lines)) + 1])


@asynccontextmanager
async def opened(world: World, broken: str | None = None, *, brokers: int = 3, **changes: str) -> AsyncIterator[Fleet]:
    """Everything started and ready, and ended on leaving; `broken` is the safeguard that owners do without."""
    with temporary_folder() as folder:
        kafka, postgres, stripe = (
            Kafka(folder / "kafka", brokers=brokers),
            Postgres(folder / "postgres"),
            StripeApi(world),
        )
        async with kafka, postgres, stripe.serving() as url:
            system = System("faults", kafka.bootstrap, postgres.url, folder / "roles")
            system.environ |= SETTINGS | changes
            system.environ |= {"CAPITAL_STRIPE_API_BASE": url, "CAPITAL_TOPIC_REPLICATION": str(brokers)}
            await system.prepare()
            one, two, *guests = (_child(system, folder, name, "consume", broken) for name in OWNERS)
            ingress, lookup = _child(system, folder, "ingress", "ingress"), _lookup(system, folder)
            fleet = Fleet(kafka, postgres, system, ingress, lookup, (one, two), tuple(guests))
            with _ended(fleet):
                fleet.start()
                await fleet.ready()
                yield fleet


@contextmanager
def _ended(fleet: Fleet) -> Iterator[None]:
    try:
        yield
    finally:
        for child in (*fleet.children, *fleet.guests):
            child.kill()


def _lookup(system: System, folder: Path) -> Child:
    return _child(system, folder, "lookup", "lookup", "lease")


def _child(system: System, folder: Path, name: str, role: str, alteration: str | None = None) -> Child:
    health = free_ports(1)[0]
    environ = system._environment({"CAPITAL_HEALTH_PORT": str(health)})
    port = int(environ["CAPITAL_INGRESS_PORT"]) if role == "ingress" else health
    module = ["tests.faults.altered", alteration] if alteration else ["worker"]
    return Child([sys.executable, "-m", *module, role], ROOT, environ, folder / f"{name}.log", port)
