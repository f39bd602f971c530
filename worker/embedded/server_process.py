"""One server as a child process that ends with its starter, even a killed one; it never judges what it serves.

A file in the server's folder is locked through a descriptor that the server and all of its own children inherit. So
the lock says, on every system and for every user, what a process id cannot: whether any of them is still there.
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from worker.embedded import guardian
from worker.embedded.errors import EmbeddedError, FolderInUseError, PortTakenError, ServerFailedError
from worker.embedded.log_excerpt import excerpt
from worker.embedded.system_user import SystemUser

_POLL_SECONDS: Final = 0.01
_KILL_SECONDS: Final = 10.0
"""A killed process is gone in milliseconds, unless the disk does not answer it."""

_INHERITED: Final = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
"""Not the rest of the environment: settings of another Java or Postgres, and secrets, are in it."""


class ServerProcess:
    """A server in `folder`, whose output goes to `NAME.log` there."""

    def __init__(
        self, name: str, folder: Path, *, user: SystemUser | None = None, orphaned: signal.Signals = signal.SIGKILL
    ) -> None:
        self.log = folder / f"{name}.log"
        self._name = name
        self._folder = folder
        self._lock = folder / f"{name}.lock"
        self._user = user
        self._orphaned = orphaned
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline = -1
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The server's own process id; an EmbeddedError if it was not launched or is known to have ended."""
        if self._process is None:
            raise EmbeddedError(f"{self._name} in {self._folder} is not running.")
        return self._process.pid

    @property
    def launched(self) -> bool:
        """Whether it was launched and not yet stopped or killed; it may have ended by itself."""
        return self._process is not None

    async def vacant(self, seconds: float) -> None:
        """Wait until no server of an earlier starter runs here any more; FolderInUseError after `seconds`."""
        if not await self._until(self._nobody_runs, seconds):
            raise self._in_use()

    def launch(self, command: Iterable[str]) -> None:
        """Start the server; FolderInUseError if one runs here already. Says nothing about its being ready."""
        if self.launched:
            raise self._in_use()
        with self._lock.open("wb") as lock, self.log.open("ab") as log:
            if not _free(lock.fileno()):
                raise self._in_use()
            self._log_start = log.tell()
            self._process = self._spawn([*self._guardian(lock.fileno()), *command], lock.fileno(), log.fileno())

    def _spawn(self, command: list[str], lock: int, log: int) -> subprocess.Popen[bytes]:
        lifeline, self._lifeline = os.pipe()
        try:
            return subprocess.Popen(
                command,
                cwd=self._folder if self._user is None or self._user.reaches(self._folder) else "/",
                env=self._environment(),
                stdin=lifeline,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C at a terminal is for the starter, which stops us in order
            )
        except OSError:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)

    async def ready(self, answers: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """Wait until `answers` says so; ServerFailedError if the server ends first or `seconds` pass."""
        deadline = time.monotonic() + seconds
        while not await answers():
            if self._nobody_runs():
                raise self._failed("ended instead of getting ready")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready after {seconds:.0f} s")
            await asyncio.sleep(_POLL_SECONDS)

    async def succeed(self, seconds: float) -> None:
        """Wait for a program that ends by itself; ServerFailedError for a bad end or for none within `seconds`."""
        if not await self._until(self._nobody_runs, seconds):
            raise self._failed(f"did not end within {seconds:.0f} s")
        if (status := self._settle()) != 0:
            raise self._failed(f"ended with status {status}")

    async def stop(self, polite: signal.Signals, seconds: float) -> None:
        """End it with the signal `polite`, after `seconds` with SIGKILL. Nothing of it is left on return."""
        if self._process is None:
            return
        self.resume()  # a paused process would not hear
        guardian.signal_each([self.pid], polite)
        try:
            await self._until(self._nobody_runs, seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and all of its children with SIGKILL. Nothing of it is left on return."""
        if self._process is None:
            return
        self.pause()  # so that it cannot have a child more than are counted
        guardian.signal_each(guardian.family(self.pid), signal.SIGKILL)
        deadline = time.monotonic() + _KILL_SECONDS
        while not self._nobody_runs():
            if time.monotonic() > deadline:
                raise self._failed(f"was still there {_KILL_SECONDS:.0f} s after SIGKILL")
            time.sleep(_POLL_SECONDS)
        self._settle()

    def pause(self) -> None:
        """Freeze it and all of its children (SIGSTOP); connections stay, nothing answers."""
        guardian.signal_each([self.pid], signal.SIGSTOP)
        guardian.signal_each(guardian.family(self.pid), signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        guardian.signal_each(reversed(guardian.family(self.pid)), signal.SIGCONT)

    def _guardian(self, lock: int) -> list[str]:
        user = f"{self._user.uid}:{self._user.gid}" if self._user else ""
        return [sys.executable, "-I", "-S", guardian.__file__, str(lock), user, str(int(self._orphaned))]

    def _environment(self) -> Mapping[str, str]:
        # One language for messages, since some are looked for in the log; UTF-8 for the names of folders, which
        # macOS always uses and has no such locale for.
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {"LC_ALL": locale}

    def _nobody_runs(self) -> bool:
        if not self._lock.exists():
            return True
        with self._lock.open("rb") as lock:
            return _free(lock.fileno())

    def _settle(self) -> int:
        """Let the operating system forget the process, and then, since its id may be given anew, the guardian too."""
        if self._process is None:
            return 0
        status = self._process.wait(_KILL_SECONDS)
        self._process = None
        try:
            os.write(self._lifeline, b".")
        except BrokenPipeError:  # somebody killed the guardian
            pass
        finally:
            os.close(self._lifeline)
        return status

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    def _in_use(self) -> FolderInUseError:
        return FolderInUseError(f"Another {self._name} runs in {self._folder}.")

    def _failed(self, what: str) -> ServerFailedError:
        log = self.log.read_bytes()[self._log_start :].decode(errors="replace")
        kind = PortTakenError if "Address already in use" in log else ServerFailedError
        return kind(f"{self._name} {what}. From {self.log}:\n{excerpt(log)}")


def _free(descriptor: int) -> bool:
    """Lock the file, unless a server or a child of one still has it locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
