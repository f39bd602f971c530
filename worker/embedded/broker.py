"""One Kafka node, broker and controller in one, that can be killed, frozen and brought back on the same data."""

import shutil
import signal
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from worker.embedded.broker_settings import LOGGING, BrokerSettings
from worker.embedded.errors import FolderInUseError
from worker.embedded.free_ports import LOOPBACK
from worker.embedded.guard import Guard
from worker.embedded.jvm import Jvm
from worker.embedded.metadata_request import known_brokers
from worker.embedded.server_process import ServerProcess

_READY_SECONDS: Final = 60.0
_FORMAT_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_VACANT_SECONDS: Final = 10.0


class Broker:
    """The node `node` of a cluster, with all that is its own in `folder`."""

    def __init__(self, node: int, folder: Path, jvm: Jvm, guard: Guard) -> None:
        self.node = node
        self._settings = BrokerSettings(node, "data", (0, 0), (), guard.settings)
        self._users = guard.users
        self._folder = folder.resolve()
        self._data = self._folder / self._settings.data
        self._jvm = jvm
        self._process = ServerProcess("kafka", self._folder)

    @property
    def port(self) -> int:
        """Where clients connect; 0 until it is prepared."""
        port, _ = self._settings.ports
        return port

    @property
    def bootstrap(self) -> str:
        """`host:port`, the same for the whole life of this object."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the JVM; an EmbeddedError while there is none."""
        return self._process.pid

    @property
    def launched(self) -> bool:
        """Whether it was started and not stopped or killed since."""
        return self._process.launched

    async def prepare(self, ports: tuple[int, int], voters: tuple[tuple[int, int], ...], cluster: str) -> None:
        """Settle the ports, and format the storage for `cluster` unless it is formatted already."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._process.vacant(_VACANT_SECONDS)
        self._settings = replace(self._settings, ports=ports, voters=voters)
        self._write_settings()
        if not (self._data / "meta.properties").exists():
            await self._format(cluster)

    async def start(self, awaited: Collection[int] = ()) -> None:
        """Launch the node and wait until it answers clients and knows itself and the nodes `awaited`."""
        if self.launched:
            raise FolderInUseError(f"The broker in {self._folder} runs already.")
        self._forget_temporary_files()
        self._write_settings()  # each time, since another starter may have been here meanwhile
        self._process.launch(self._command("kafka.Kafka", str(self._properties)))
        try:
            await self._process.ready(lambda: self._knows({self.node, *awaited}), _READY_SECONDS)
        except BaseException:
            self.kill()
            raise

    async def restart(self) -> None:
        """Stop the node unless it is down, start it on the same data and port, and wait until it answers.

        Of several nodes, a majority must be up for that: to bring all back, restart them at the same time.
        """
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """End the node in order, within 10 s, else with SIGKILL."""
        await self._process.stop(signal.SIGTERM, _STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL; the process is gone on return. Nothing happens if it is down."""
        self._process.kill()

    def pause(self) -> None:
        """SIGSTOP; its connections stay open and silent."""
        self._process.pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._process.resume()

    def _write_settings(self) -> None:
        self._properties.write_text(self._settings.properties())
        self._logging.write_text(LOGGING)

    async def _knows(self, nodes: Collection[int]) -> bool:
        return (await known_brokers(LOOPBACK, self.port)).issuperset(nodes)

    async def _format(self, cluster: str) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # of a formatting that was killed
        users = [f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in self._users.items()]
        scram = [argument for user in users for argument in ("--add-scram", user)]
        arguments = ("format", "--cluster-id", cluster, "--config", str(self._properties), *scram)
        formatter = ServerProcess("format", self._folder)
        try:
            formatter.launch(self._command("kafka.tools.StorageTool", *arguments))
            await formatter.succeed(_FORMAT_SECONDS)
        finally:
            formatter.kill()

    def _command(self, main_class: str, *arguments: str) -> list[str]:
        jvm = self._jvm.with_options(
            f"-Djava.io.tmpdir={self._temporary}",
            f"-Dlog4j2.configurationFile={self._logging}",
        )
        return jvm.command(main_class, *arguments)

    def _forget_temporary_files(self) -> None:
        """Of a killed run: the native parts of the compression libraries, some megabytes each time."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir()

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    @property
    def _logging(self) -> Path:
        return self._folder / "log4j2.properties"

    @property
    def _temporary(self) -> Path:
        return self._folder / "temporary"
