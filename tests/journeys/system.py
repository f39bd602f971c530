"""A system of its own for one test: names that nobody else uses, commands, and what came out at the far end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.journeys.child import POLL_SECONDS, Child
from tests.journeys.reading import Notification, Topic
from worker import settings
from worker.embedded.free_ports import free_ports
from worker.ports import Record
from worker.store.migrations import migrate
from worker.topic import topics
from worker.topic.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 60
PARTITIONS = 4


@dataclass(frozen=True)
class Finished:
    """A command that came to its end."""

    status: int
    out: str
    err: str


class System:
    """Everything a test needs of one system. `environ` is what its processes are started with, and may be changed."""

    def __init__(self, name: str, bootstrap: str, database_url: str, folder: Path) -> None:
        ingress, health = free_ports(2)
        self.name = name
        self.environ: dict[str, str] = {
            "CAPITAL_KAFKA_BOOTSTRAP": bootstrap,
            "CAPITAL_DATABASE_URL": database_url,
            "CAPITAL_DATABASE_SCHEMA": name,
            "CAPITAL_WEBHOOK_SECRETS": f"whsec_{name}",
            "CAPITAL_EVENTS_TOPIC": f"{name}.events",
            "CAPITAL_NOTIFICATIONS_TOPIC": f"{name}.notifications",
            "CAPITAL_DEAD_LETTERS_TOPIC": f"{name}.dead-letters",
            "CAPITAL_CONSUMER_GROUP": name,
            "CAPITAL_TOPIC_PARTITIONS": str(PARTITIONS),
            "CAPITAL_TOPIC_REPLICATION": "1",
            # Static membership: a process that was killed has its partitions again as soon as it is back.
            "CAPITAL_GROUP_INSTANCE_ID": name,
            "CAPITAL_INGRESS_PORT": str(ingress),
            "CAPITAL_HEALTH_PORT": str(health),
            "CAPITAL_LOG_FORMAT": "console",
        }
        folder.mkdir()
        self._folder = folder
        self._children: list[Child] = []

    @property
    def settings(self) -> settings.Settings:
        """What a process of this system would read from `environ`."""
        return settings.load("serve", self.environ)

    @property
    def url(self) -> str:
        """Where webhooks go."""
        return f"http://127.0.0.1:{self.environ['CAPITAL_INGRESS_PORT']}/webhooks/stripe"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What webhooks are signed with."""
        return self.settings.webhook_secrets

    async def migrate(self) -> None:
        """The schema, as `migrate` would make it."""
        await migrate(self.settings)

    async def topics(self) -> None:
        """The topics, as `topics` would make them."""
        created, differences = await topics.ensure(Cluster.of(self.settings), topics.wanted(self.settings))
        assert len(created) == 3
        assert not differences

    async def prepare(self) -> None:
        """Both: all that a role needs before its start."""
        await self.migrate()
        await self.topics()

    async def run(self, *arguments: str, **changes: str) -> Finished:
        """One command to its end, with `environ` and the changes; an empty value takes a setting away."""
        return await asyncio.to_thread(self._run, arguments, changes)

    def _run(self, arguments: Sequence[str], changes: dict[str, str]) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "worker", *arguments],
            cwd=ROOT,
            env=self._environment(changes),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def _environment(self, changes: dict[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
        return inherited | {name: value for name, value in (self.environ | changes).items() if value}

    def child(self, role: str = "serve", *arguments: str, module: Sequence[str] = ("worker",), **changes: str) -> Child:
        """A role or another command as a process of its own, not started yet; it is ended with the test.

        Its log is shown when the test fails. `module` is what runs in the worker's place, with its arguments.
        """
        environ = self._environment(changes)
        log = self._folder / f"{role}-{len(self._children) + 1}.log"
        port = environ["CAPITAL_INGRESS_PORT" if role == "ingress" else "CAPITAL_HEALTH_PORT"]
        child = Child([sys.executable, "-m", *module, role, *arguments], ROOT, environ, log, int(port))
        self._children.append(child)
        return child

    async def serve(self, **changes: str) -> Child:
        """`serve`, started and ready."""
        child = self.child("serve", **changes)
        child.start()
        await child.ready()
        return child

    @property
    def notifications_topic(self) -> Topic:
        """What downstream reads."""
        return Topic(self.environ["CAPITAL_KAFKA_BOOTSTRAP"], self.settings.notifications_topic)

    @property
    def dead_letters_topic(self) -> Topic:
        """What could not be applied."""
        return Topic(self.environ["CAPITAL_KAFKA_BOOTSTRAP"], self.settings.dead_letters_topic)

    @property
    def events_topic(self) -> Topic:
        """The only input."""
        return Topic(self.environ["CAPITAL_KAFKA_BOOTSTRAP"], self.settings.events_topic)

    async def notifications(self) -> Sequence[Notification]:
        """Every notification a `read_committed` reader sees now, from the beginning to the end."""
        return [Notification.of(record) for record in await self.notifications_topic.records()]

    async def settled(self, expected: Iterable[str], seconds: float = 60) -> Sequence[Notification]:
        """Wait until every id expected can be read; what could be read by then."""
        awaited = set(expected)
        read: list[Notification] = []
        async for record in self.notifications_topic.follow(seconds, lambda: f"never told: {sorted(awaited)[:20]}"):
            read.append(Notification.of(record))
            awaited.discard(read[-1].id)
            if not awaited:
                break
        return read

    async def dead_lettered(self, count: int, seconds: float = 60) -> Sequence[Record]:
        """Wait until so many dead letters can be read: they are published after their records are committed."""
        topic, read = self.dead_letters_topic, list[Record]()
        async for record in topic.follow(seconds, lambda: f"dead letters: {len(read)} of {count}"):
            read.append(record)
            if len(read) == count:
                break
        return await topic.records()

    async def caught_up(self, seconds: float = 60) -> None:
        """Return once every record that now is on the events topic has been committed by its lane."""
        ends = {record.partition: record.offset + 1 for record in await self.events_topic.records()}
        query = (
            "SELECT partition FROM cursor JOIN unnest($1::integer[], $2::bigint[]) AS topic (partition, past) "
            "USING (partition) WHERE next_offset >= past"
        )
        await self.found(query, {(partition,) for partition in ends}, list(ends), list(ends.values()), seconds=seconds)

    async def found(
        self, query: str, rows: Iterable[tuple[object, ...]], *arguments: object, seconds: float = 60
    ) -> None:
        """Return once the query finds these rows, among others."""
        awaited = set(rows)
        async with self.database() as connection:
            try:
                async with asyncio.timeout(seconds):
                    while missing := awaited - await _fetched(connection, query, arguments):  # noqa: ASYNC110 - rows give no signal
                        await asyncio.sleep(POLL_SECONDS)
            except TimeoutError:
                raise AssertionError(f"never found: {missing}") from None

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection that sees this system's tables."""
        connection = await asyncpg.connect(
            self.environ["CAPITAL_DATABASE_URL"], server_settings={"search_path": self.name}, timeout=COMMAND_SECONDS
        )
        try:
            yield connection
        finally:
            await connection.close(timeout=COMMAND_SECONDS)

    async def rows(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        """What a query finds."""
        async with self.database() as connection:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]

    async def close(self) -> None:
        """End what still runs. What a process logged is shown, and a stack trace in it fails the test."""
        for child in self._children:
            await asyncio.to_thread(child.kill)
            sys.stdout.write(child.report() + "\n")
        failed = [child for child in self._children if "Traceback" in child.log()]
        assert not failed, f"a stack trace in the log of {failed}"


async def _fetched(connection: asyncpg.Connection, query: str, arguments: Sequence[object]) -> set[tuple[object, ...]]:
    return {tuple(row) for row in await connection.fetch(query, *arguments)}
