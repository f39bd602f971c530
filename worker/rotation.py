"""Rotation: secrets that come from files are read again while a role runs; a bad one is never taken, none is logged."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from worker.settings import Role, Settings, SettingsError, load, secret_files

# Kubernetes takes up to a minute to bring a changed secret into a pod: a second more does not matter.
SECONDS: Final = 1.0

Take = Callable[[Settings], None]


class Rotation:
    """The settings of one role as they are now; only what came from files can change."""

    def __init__(self, role: Role, settings: Settings, environ: Mapping[str, str]) -> None:
        """`settings` were just read from `environ`."""
        self.settings = settings
        self._role = role
        self._environ = dict(environ)
        self._files = secret_files(environ)
        self._seen = self._contents()
        self._takers: list[Take] = []
        self._log = structlog.get_logger()

    def follow(self, take: Take) -> None:
        """Hand every change of the settings to `take`; it raises ValueError for what it cannot use."""
        self._takers.append(take)

    async def run(self) -> None:
        """Look at the files every second, for as long as the role runs."""
        while self._files:
            await asyncio.sleep(SECONDS)
            self.look()

    def look(self) -> None:
        """Take what has changed. What cannot be read or used is logged once, and what was in use stays in use."""
        contents = self._contents()
        if contents == self._seen:
            return
        self._seen = contents
        try:
            settings = load(self._role, self._environ)
            for take in self._takers:
                take(settings)
        except SettingsError as error:
            self._log.error("secrets.refused", problems=error.problems)
        except ValueError as error:
            self._log.error("secrets.refused", problems=[str(error)])
        else:
            changed = [name for name in self._files if getattr(settings, name) != getattr(self.settings, name)]
            self.settings = settings
            self._log.info("secrets.taken", settings=changed)

    def _contents(self) -> Mapping[str, bytes | None]:
        return {name: _content(path) for name, path in self._files.items()}


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
