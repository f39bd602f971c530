"""Command lines of Java programs on Kafka's class path; starts nothing itself."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from worker.embedded.java import Java

_QUICK: Final = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Starts in half the time and peaks at a fraction of the speed: for tests, not for load."""

_LOAD: Final = ("-Xmx1g", "-XX:+UseG1GC")

_ALWAYS: Final = (
    "-XX:+ExitOnOutOfMemoryError",  # a broker that has lost some of its threads is no broker
    "-XX:-UsePerfData",  # its file in the temporary folder would survive a kill
    "-Djava.awt.headless=true",
)


@dataclass(frozen=True, slots=True)
class Jvm:
    """How to run a class of Kafka: runtime, class path and options."""

    java: Java
    jars: tuple[Path, ...]
    options: tuple[str, ...]

    @classmethod
    def tuned(cls, java: Java, jars: tuple[Path, ...], *, quick: bool) -> Self:
        """For many short lives (`quick`), or for load."""
        return cls(java, jars, (*(_QUICK if quick else _LOAD), *_ALWAYS))

    def with_options(self, *options: str) -> Self:
        """The same with more options."""
        return replace(self, options=(*self.options, *options))

    def command(self, main_class: str, *arguments: str) -> list[str]:
        """The command line that runs `main_class`."""
        return [*self._launcher(), main_class, *arguments]

    def dump_command(self, class_list: Path, archive: Path) -> list[str]:
        """The command line that writes the classes of `class_list`, parsed and verified, to `archive`."""
        dump = ("-Xshare:dump", f"-XX:SharedClassListFile={class_list}", f"-XX:SharedArchiveFile={archive}")
        return [*self._launcher(), *dump]

    def _launcher(self) -> list[str]:
        return [str(self.java.program), *self.options, "-cp", ":".join(map(str, self.jars))]
