"""Where a Postgres server keeps its data, who owns them, and what a killed one leaves behind; never a row of them."""

import ctypes
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from worker.embedded.folder import new_public_folder
from worker.embedded.system_user import SystemUser

_MEMORY_LINE: Final = 6
_STATUS_LINE: Final = 7
_REMOVE: Final = 0
"""IPC_RMID: the same number on Linux and macOS."""


class PostgresStorage:
    """The server's files in `folder`, owned by `user` (None: the present one)."""

    def __init__(self, folder: Path, user: SystemUser | None) -> None:
        self._folder = folder
        self._user = user

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._home / "data"

    @property
    def password_file(self) -> Path:
        """Holds the superuser's password, for initdb and for later starters."""
        return self._home / "password"

    @property
    def initialised(self) -> bool:
        """Whether initdb has run here to its end."""
        return self._mark.exists()

    @property
    def ready(self) -> bool:
        """Whether the server that was launched last says of itself that it accepts connections."""
        return self._line(_STATUS_LINE) == "ready"

    def prepare(self) -> None:
        """Make all folders, the password, and an empty data directory unless there is an initialised one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._user:
            self._let_in(self._user)
        self._home.mkdir(exist_ok=True)
        if not self.initialised:
            shutil.rmtree(self.data, ignore_errors=True)  # of an initdb that was killed
            self.data.mkdir(mode=0o700)
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(secrets.token_urlsafe(24))
            self._hand_over(self.data, self.password_file)

    def mark_initialised(self) -> None:
        """Remember that initdb has run to its end."""
        self._mark.touch()

    def forget_killed(self) -> None:
        """Let a new server start where one was killed; only for when none of its processes is left.

        Postgres would do it, but not if the dead server's process id now belongs to something else.
        """
        self._postmaster.unlink(missing_ok=True)

    def release_memory(self) -> None:
        """Give the killed server's shared memory back, which it would have done itself, and forget it."""
        _, _, identifier = self._line(_MEMORY_LINE).rpartition(" ")
        if identifier:
            ctypes.CDLL(None).shmctl(int(identifier), _REMOVE, None)
        self.forget_killed()

    @property
    def _home(self) -> Path:
        return (self._folder / "server").resolve()

    @property
    def _mark(self) -> Path:
        return self._home / "initialised"

    @property
    def _postmaster(self) -> Path:
        return self.data / "postmaster.pid"

    def _line(self, number: int) -> str:
        """One line of what the server says about itself; empty if it has not got that far."""
        try:
            lines = self._postmaster.read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[number].strip() if number < len(lines) else ""

    def _let_in(self, user: SystemUser) -> None:
        """Open the folder for passing through; if one above it stays closed, put a link to an open one into it."""
        self._folder.chmod(self._folder.stat().st_mode | 0o011)
        link = self._folder / "server"
        if not user.reaches(self._folder) and not link.is_symlink():
            link.symlink_to(new_public_folder())

    def _hand_over(self, *paths: Path) -> None:
        if self._user:
            for path in paths:
                os.chown(path, self._user.uid, self._user.gid)
