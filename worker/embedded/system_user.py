"""The user that a server runs as when the starter is root; never root, which Postgres refuses to run as."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_NOBODY: Final = 65_534


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A user of this machine, by number."""

    name: str
    uid: int
    gid: int

    @classmethod
    def for_servers(cls) -> Self | None:
        """The user to become before starting a server: `nobody` for root, None (stay) for anyone else."""
        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:  # a system with next to no users; the number is nobody's by convention
            return cls("nobody", _NOBODY, _NOBODY)
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def reaches(self, path: Path) -> bool:
        """Whether this user may enter `path`, or run it, and may pass through every folder above it."""
        return all(self._may_execute(each) for each in (path, *path.parents))

    def _may_execute(self, path: Path) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)
