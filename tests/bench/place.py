"""The place of a benchmark: real servers on this machine, with what they and a subject cost; nothing of it stays."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.bench.loads import Message
from tests.bench.usage import tree_seconds
from worker.embedded import Kafka, Postgres, temporary_folder

PARTITIONS = 8
POSTGRES_SETTINGS = {
    # So that a checkpoint falls into nobody's round more often than into another's.
    "max_wal_size": "'8GB'",
    "checkpoint_timeout": "'30min'",
    # What is not in the embedded server is an extension that counts statements: its log is counted instead. A line
    # for each costs little beside a statement for hundreds of events.
    "log_statement": "'all'",
    "log_parameter_max_length": "0",
}
# A transaction's end, and a lane's batch, which is a transaction by itself.
COMMITTING = (b"COMMIT", b"WITH moved")
LOADING_SECONDS = 600
STATEMENT = re.compile(rb"LOG:  (?:statement|execute [^:]*): (.*)")


@dataclass(frozen=True, slots=True)
class Consumed:
    """What the servers have used since they started: CPU seconds, bytes of WAL, statements, and commits among them."""

    postgres: float
    kafka: float
    wal_bytes: int
    statements: int
    transactions: int

    def __sub__(self, earlier: "Consumed") -> "Consumed":
        return Consumed(
            self.postgres - earlier.postgres,
            self.kafka - earlier.kafka,
            self.wal_bytes - earlier.wal_bytes,
            self.statements - earlier.statements,
            self.transactions - earlier.transactions,
        )


class StatementLog:
    """What Postgres was asked by all but the benchmark itself, counted from its log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self.all = 0
        self.commits = 0

    def read(self) -> None:
        """Count what was written since the last reading."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if match := STATEMENT.search(line):
                    self.all += 1
                    self.commits += match[1].startswith(COMMITTING)
            self._read = log.tell()


@dataclass(frozen=True, slots=True)
class Place:
    """Both servers, and a folder for logs. What is asked through `database` is not counted."""

    kafka: Kafka
    postgres: Postgres
    folder: Path
    database: asyncpg.Connection
    statements: StatementLog
    partitions: dict[str, int] = field(default_factory=dict)

    async def preload(self, topic: str, messages: Iterable[Message], *, partitions: int = PARTITIONS) -> None:
        """A new topic with these records on it, an account's in their order."""
        await self.create(topic, partitions)
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka.bootstrap, acks="all", linger_ms=5, max_batch_size=262_144
        )
        async with asyncio.timeout(LOADING_SECONDS), producer:
            for message in messages:
                await producer.send(
                    topic,
                    message.value,
                    key=message.key,
                    headers=list(message.headers),
                    timestamp_ms=message.timestamp,
                )
            await producer.flush()

    async def create(self, topic: str, partitions: int = PARTITIONS) -> None:
        """A new, empty topic."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(topic, partitions, 1)])
            self.partitions[topic] = partitions
        finally:
            await admin.close()

    async def drop(self, schema: str) -> None:
        """All tables of a run, once it was judged."""
        await self.database.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    async def consumed(self) -> Consumed:
        """What both servers have used by now."""
        wal = await self.database.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        self.statements.read()
        return Consumed(
            tree_seconds(self.postgres.pid),
            tree_seconds(self.kafka.brokers[0].pid),
            int(wal),
            self.statements.all,
            self.statements.commits,
        )

    async def settle(self) -> None:
        """Write out what is dirty, so that no round pays for the one before it."""
        await self.database.execute("CHECKPOINT")


@asynccontextmanager
async def opened() -> AsyncIterator[Place]:
    """Both servers started for load, with default durability; ended on leaving."""
    with temporary_folder() as folder:
        async with Kafka(folder / "kafka", quick=False) as kafka, Postgres(folder / "postgres") as postgres:
            database = await asyncpg.connect(postgres.url)
            try:
                for name, value in POSTGRES_SETTINGS.items():
                    await database.execute(f"ALTER SYSTEM SET {name} = {value}")
                await database.execute("SELECT pg_reload_conf()")
                await database.execute("SET log_statement = 'none'")
                yield Place(kafka, postgres, folder, database, StatementLog(folder / "postgres" / "postgres.log"))
            finally:
                await database.close()
