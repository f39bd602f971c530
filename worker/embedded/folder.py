"""Folders that servers live in; never one that the server's own user cannot pass through."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker.embedded.errors import EmbeddedError
from worker.embedded.system_user import SystemUser


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new, empty folder that servers of any user can live in; gone on leaving, with all that is in it."""
    folder = new_public_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def new_public_folder() -> Path:
    """A new, empty folder under the system's temporary one, or where root's servers cannot reach that, /var/tmp."""
    user = SystemUser.for_servers()
    for parent in dict.fromkeys((tempfile.gettempdir(), "/var/tmp", "/tmp")):  # noqa: S108 - mkdtemp is safe there
        if Path(parent).is_dir() and os.access(parent, os.W_OK) and (not user or user.reaches(Path(parent))):
            folder = Path(tempfile.mkdtemp(prefix="capital-worker-", dir=parent)).resolve()
            folder.chmod(0o755)
            return folder
    raise EmbeddedError("There is no temporary folder that servers of an ordinary user can be given.")
