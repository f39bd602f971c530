"""Keeps between runs what was fetched or built once; a reader never sees an entry that is only partly there."""

import asyncio
import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from worker.embedded.errors import EmbeddedError
from worker.embedded.system_user import SystemUser

_NAME: Final = "capital-worker"
_FILL_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of entries, each a folder that is filled once and never changed after."""

    folder: Path

    @classmethod
    def of_user(cls) -> Self:
        """Under `$XDG_CACHE_HOME` or `~/.cache`; if that cannot be written, in the system's temporary folder."""
        named = os.environ.get("XDG_CACHE_HOME", "")
        base = named if named.startswith("/") else os.path.expanduser("~/.cache")  # noqa: PTH111 - must not raise
        return cls._first_usable(Path(base) / _NAME)

    @classmethod
    def reached_by(cls, user: SystemUser) -> Self:
        """One that root writes and `user` reads, for programs that a server runs as `user`."""
        cache = cls._first_usable(Path("/var/cache") / _NAME)
        cache.folder.chmod(0o755)  # a strict umask may have closed it
        if user.reaches(cache.folder):
            return cache
        raise EmbeddedError(f"The user {user.name} cannot reach the cache folder {cache.folder}.")

    @classmethod
    def _first_usable(cls, wanted: Path) -> Self:
        fallback = Path(tempfile.gettempdir()) / f"{_NAME}-cache-{os.geteuid()}"
        for folder in (wanted, fallback):
            if folder.is_absolute() and _own(folder):
                return cls(folder)
        raise EmbeddedError(f"No cache folder can be written: neither {wanted} nor {fallback}.")

    async def entry(self, name: str, fill: Callable[[Path], Awaitable[None]]) -> Path:
        """The folder of the entry, filled by `fill` if it is not there yet; of several first runs, one fills it.

        What `fill` raises is passed on, and leaves nothing behind. Longer than five minutes is an `EmbeddedError`.
        """
        entry = self.folder / name
        if not entry.exists():
            try:
                async with asyncio.timeout(_FILL_SECONDS), self._alone(name):
                    if not entry.exists():
                        await self._fill(entry, fill)
            except TimeoutError:
                raise EmbeddedError(f"{entry} was not filled within {_FILL_SECONDS:.0f} s.") from None
        return entry

    async def _fill(self, entry: Path, fill: Callable[[Path], Awaitable[None]]) -> None:
        for abandoned in self.folder.glob(f".{entry.name}.*.partial"):  # by a run that was killed
            shutil.rmtree(abandoned, ignore_errors=True)
        partial = self.folder / f".{entry.name}.{uuid.uuid4().hex}.partial"
        partial.mkdir()
        try:
            await fill(partial)
            partial.chmod(0o755)
            partial.rename(entry)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Among all processes; a killed one lets go by itself."""
        with (self.folder / f".{name}.lock").open("wb") as lock:
            while not _locked(lock.fileno()):  # noqa: ASYNC110 - another process sets no event here
                await asyncio.sleep(_POLL_SECONDS)
            yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _own(folder: Path) -> bool:
    """Whether the folder is there, or could be made, and only this user can have put anything into it."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    others_write = bool(status.st_mode & 0o022)
    return folder.is_dir() and status.st_uid == os.geteuid() and not others_write and os.access(folder, os.W_OK)
