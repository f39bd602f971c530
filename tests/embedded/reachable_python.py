"""This interpreter and project where any user can run them, wherever they are installed; root's home is closed."""

import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from worker.embedded import guardian

from . import starter


@dataclass(frozen=True)
class ReachablePython:
    """How to run `starter.py` from there."""

    script: tuple[str, ...]
    environment: dict[str, str]


def reachable_python(place: Path) -> ReachablePython:
    """Everything as hard links where possible, so in no time and no space."""
    standard = Path(sysconfig.get_path("stdlib"))
    libraries = place / "lib" / standard.name
    _link_tree(standard, libraries, "site-packages", "test")
    _link_tree(Path(sysconfig.get_path("purelib")), libraries / "site-packages")
    _link_tree(Path(guardian.__file__).parents[1], place / "project" / "worker")
    program = _link(Path(sys.executable).resolve(), place / "bin" / "python")
    script = _link(Path(starter.__file__), place / "project" / "starter.py")
    for library in standard.parent.glob("libpython*"):
        _link(library.resolve(), place / "lib" / library.name)
    environment = {
        "PYTHONHOME": str(place),
        "PYTHONPATH": str(place / "project"),
        "LD_LIBRARY_PATH": str(place / "lib"),
    }
    return ReachablePython((str(program), str(script)), environment)


def _link_tree(source: Path, target: Path, *without: str) -> None:
    ignored = shutil.ignore_patterns("__pycache__", *without)
    shutil.copytree(source, target, ignore=ignored, copy_function=_link, dirs_exist_ok=True)


def _link(source: str | Path, target: str | Path) -> Path:
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return Path(target)
