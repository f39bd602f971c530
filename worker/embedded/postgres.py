"""A real PostgreSQL server on this machine, for development and tests; never for production."""

import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from worker.embedded.errors import EmbeddedError, FolderInUseError, PortTakenError
from worker.embedded.free_ports import LOOPBACK, free_ports
from worker.embedded.postgres_programs import postgres_programs
from worker.embedded.postgres_storage import PostgresStorage
from worker.embedded.server_process import ServerProcess
from worker.embedded.system_user import SystemUser

_SUPERUSER: Final = "postgres"
_DATABASE: Final = "postgres"
_PORT_ATTEMPTS: Final = 3
_INITDB_SECONDS: Final = 60.0
_READY_SECONDS: Final = 60.0
"""Recovery from a crash under load is part of it."""

_STOP_SECONDS: Final = 10.0
_VACANT_SECONDS: Final = 10.0

_SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    # As files in the data directory: in the system's shared memory they would survive a kill.
    "dynamic_shared_memory_type": "mmap",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
"""fsync stays on, as everything that concerns durability."""


class Postgres:
    """A PostgreSQL server with its data and log in `folder`, which outlive it.

    As root it runs as `nobody`, and should be given a folder that any user may pass through, such as one of
    `temporary_folder`; for another, the data are in a new folder under the system's temporary one, which stays. The
    server ends with this process, even when it is killed. `programs` is the folder with another build's `initdb` and
    `postgres`, which its user must reach; `settings` come on top of, or instead of, the usual ones.
    """

    def __init__(
        self, folder: Path, *, programs: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder.absolute()
        self._programs = programs
        self._settings = _SETTINGS | dict(settings or {})
        self._user = SystemUser.for_servers()
        self._storage = PostgresStorage(self._folder, self._user)
        self._process = ServerProcess("postgres", self._folder, user=self._user, orphaned=signal.SIGQUIT)
        self._port = 0

    @property
    def url(self) -> str:
        """`postgresql://user:password@127.0.0.1:port/database` of a superuser; an EmbeddedError before the start."""
        if not self._port:
            raise EmbeddedError("Postgres has not been started.")
        password = self._storage.password_file.read_text()
        return f"postgresql://{_SUPERUSER}:{password}@{LOOPBACK}:{self._port}/{_DATABASE}"

    @property
    def pid(self) -> int:
        """The process id of the postmaster; an EmbeddedError while there is none."""
        return self._process.pid

    async def start(self) -> None:
        """Start the server, initialising the folder the first time, and wait until it accepts connections.

        After `stop` or `kill` on the same port. ServerFailedError with the telling part of the log if it does not come
        up within a minute.
        """
        if self._process.launched:
            raise FolderInUseError(f"Postgres runs in {self._folder} already.")
        programs = self._programs or await postgres_programs(self._user)
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._process.vacant(_VACANT_SECONDS)
        self._storage.prepare()
        if not self._storage.initialised:
            await self._initialise(programs)
        await self._listen(programs)

    async def restart(self) -> None:
        """Stop the server unless it is down, start it on the same data and port, and wait until it is ready."""
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """End the server in order, dropping its connections; after 10 s with SIGKILL. The folder stays."""
        if self._process.launched:
            try:
                await self._process.stop(signal.SIGINT, _STOP_SECONDS)
            finally:
                self._storage.release_memory()

    def kill(self) -> None:
        """SIGKILL the server and all its processes; all are gone on return. Nothing happens if it is down."""
        if self._process.launched:
            self._process.kill()
            self._storage.release_memory()

    def pause(self) -> None:
        """SIGSTOP all its processes; connections stay open and silent."""
        self._process.pause()

    def resume(self) -> None:
        """SIGCONT all its processes."""
        self._process.resume()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _initialise(self, programs: Path) -> None:
        initdb = ServerProcess("initdb", self._folder, user=self._user)
        try:
            initdb.launch(self._initdb(programs))
            await initdb.succeed(_INITDB_SECONDS)
        finally:
            initdb.kill()
        self._storage.mark_initialised()

    def _initdb(self, programs: Path) -> list[str]:
        options = {
            "pgdata": self._storage.data,
            "pwfile": self._storage.password_file,
            "username": _SUPERUSER,
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale": "C",
        }
        # Nothing is promised yet that a power failure could break, and syncing an empty database takes a second.
        return [str(programs / "initdb"), "--no-sync", *(f"--{name}={value}" for name, value in options.items())]

    async def _listen(self, programs: Path) -> None:
        for attempt in range(_PORT_ATTEMPTS):
            port = self._port or free_ports(1)[0]
            try:
                await self._launch(programs, port)
            except PortTakenError:
                if self._port or attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                self._port = port
                return

    async def _launch(self, programs: Path, port: int) -> None:
        self._storage.forget_killed()
        settings = [f"--{name}={value}" for name, value in (self._settings | {"port": str(port)}).items()]
        try:
            self._process.launch([str(programs / "postgres"), "-D", str(self._storage.data), *settings])
            await self._process.ready(self._is_ready, _READY_SECONDS)
        except BaseException:
            self.kill()
            raise

    async def _is_ready(self) -> bool:
        return self._storage.ready
