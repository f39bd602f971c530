"""A role inside the test's own process, as one of the users of the manifests: what it logs, and whether it is ready."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from structlog.testing import capture_logs

from worker import settings, wiring
from worker.cli.roles import ROLES
from worker.rotation import Rotation
from worker.settings import Role
from worker.starting import StoppedEarly

SECONDS: Final = 45
POLL_SECONDS: Final = 0.02
# By role, the part of its health that tells of Kafka.
PARTS: Final[Mapping[Role, str]] = {"ingress": "ingress", "consume": "lanes", "lookup": "lookup"}


@dataclass
class Acting:
    """One run of a role."""

    role: Role
    process: wiring.Process
    running: "asyncio.Future[None]"
    lines: Sequence[MutableMapping[str, Any]]

    @property
    def unready(self) -> str:
        """Why it is not ready; empty where it is."""
        return self.process.health.readiness().get(PARTS[self.role], "not begun") or ""

    def complains(self, *words: str) -> bool:
        """Whether one line that is no mere information says all of these."""
        reasons = [line.get("reason", "") for line in self.lines if line["log_level"] != "info"]
        return any(all(word in reason for word in words) for reason in reasons)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Return once the condition holds; fails when the role ends before, or after a while."""
        try:
            async with asyncio.timeout(SECONDS):
                while not condition():
                    assert not self.running.done(), f"ended before it was {what}: {self.lines}"
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"never {what}: {self.unready}: {self.lines}") from None


@asynccontextmanager
async def acting(role: Role, environ: Mapping[str, str]) -> AsyncIterator[Acting]:
    """The role from its start to its orderly end, ready or not."""
    loaded = settings.load(role, environ)
    work, _ = ROLES[role]
    with capture_logs() as lines:
        process = wiring.Process(loaded, asyncio.Event(), Rotation(role, loaded, environ))
        running = asyncio.ensure_future(work(process))
        try:
            yield Acting(role, process, running, lines)
        finally:
            process.stop.set()
            async with asyncio.timeout(SECONDS):
                with suppress(StoppedEarly):
                    await running
