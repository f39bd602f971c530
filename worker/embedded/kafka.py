"""A real Kafka cluster of one or three nodes on this machine, for development and tests; never for production."""

import asyncio
from collections.abc import Collection, Coroutine, Iterable
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from worker.embedded.broker import Broker
from worker.embedded.class_archive import with_class_archive
from worker.embedded.cluster_id import cluster_id
from worker.embedded.errors import EmbeddedError, FolderInUseError, PortTakenError
from worker.embedded.free_ports import free_ports
from worker.embedded.guard import Guard
from worker.embedded.java import Java
from worker.embedded.jvm import Jvm
from worker.embedded.kafka_jars import kafka_jars

_SIZES: Final = (1, 3)
_PORT_ATTEMPTS: Final = 3
_SUCCESSION_SECONDS: Final = 1.0
"""After a majority has ended; by then the rest have closed the logs of their topics."""


class Kafka:
    """Apache Kafka 4.3.1 with all its data, settings and logs in `folder`, which outlive it.

    One node, or three with replication 3 and at least 2 in sync. `quick` starts fast and peaks low; without it the JVMs
    compile fully and have twice the memory, for load. Topics are not made by using them. All nodes end with
    this process, even when it is killed. A `guard` closes it to those who cannot prove who they are.
    """

    def __init__(self, folder: Path, *, brokers: int = 1, quick: bool = True, guard: Guard | None = None) -> None:
        if brokers not in _SIZES:
            raise ValueError(f"A cluster has one or three brokers, not {brokers}.")
        self._folder = folder.absolute()
        self._nodes = range(1, brokers + 1)
        self._quick = quick
        self._guard = guard or Guard()
        self._brokers: tuple[Broker, ...] = ()

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:port`, of several nodes separated by commas; known once it has been started."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The nodes; an EmbeddedError before the first start."""
        if not self._brokers:
            raise EmbeddedError("Kafka has not been started.")
        return self._brokers

    async def start(self) -> None:
        """Start all nodes and wait until each answers and knows the others; after `stop`, on the same ports.

        ServerFailedError with the telling part of a node's log if one does not come up within a minute.
        """
        if any(broker.launched for broker in self._brokers):
            raise FolderInUseError(f"Kafka runs in {self._folder} already.")
        if self._brokers:
            await self._start_all(self._brokers)
            return
        jvm = await self._jvm()
        for attempt in range(_PORT_ATTEMPTS):
            brokers = tuple(Broker(node, self._folder / f"broker-{node}", jvm, self._guard) for node in self._nodes)
            try:
                await self._prepare_all(brokers)
                await self._start_all(brokers)
            except PortTakenError:
                if attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                self._brokers = brokers
                return

    async def stop(self) -> None:
        """End all nodes in order, and by force what has not ended after 10 s. The folder stays."""
        stops = [asyncio.create_task(broker.stop()) for broker in self._brokers if broker.launched]
        majority = len(self._nodes) // 2 + 1
        try:
            for ended in islice(asyncio.as_completed(stops), majority):
                await ended
            # The leader of the controllers waits 5 s for a successor, which the rest can no longer elect.
            await _settled(stops, _SUCCESSION_SECONDS)
        finally:
            for stop in stops:
                stop.cancel()
            await _settled(stops, None)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _jvm(self) -> Jvm:
        return await with_class_archive(Jvm.tuned(Java.found(), await kafka_jars(), quick=self._quick))

    async def _prepare_all(self, brokers: tuple[Broker, ...]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        ports = free_ports(2 * len(brokers))
        clients, controllers = ports[::2], ports[1::2]
        voters = tuple(zip(self._nodes, controllers, strict=True))
        cluster = cluster_id(self._folder)
        pairs = zip(clients, controllers, strict=True)
        await _all(broker.prepare(pair, voters, cluster) for broker, pair in zip(brokers, pairs, strict=True))

    async def _start_all(self, brokers: tuple[Broker, ...]) -> None:
        try:
            await _all(broker.start(self._nodes) for broker in brokers)
        except BaseException:
            for broker in brokers:
                broker.kill()
            raise


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    """At the same time; the first failure ends the rest and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _settled(tasks: Collection[asyncio.Task[None]], seconds: float | None) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
