"""A role of the worker as a real process: started, watched, ended politely or killed; its log is kept."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import httpx

READY_SECONDS = 45.0
ENDED_SECONDS = 45.0
POLL_SECONDS = 0.02
LINES_SHOWN = 60


class Child:
    """One process. What it prints goes to a file, so that no pipe can fill and stop it."""

    def __init__(
        self, command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path, health_port: int
    ) -> None:
        self._command = command
        self._folder = folder
        self._environ = environ
        self._log = log
        self.address = f"http://127.0.0.1:{health_port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return self._log.name

    def start(self) -> None:
        """Begin, or begin again after an end; nothing is said about its being ready."""
        assert not self.running, f"{self} runs already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environ, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def running(self) -> bool:
        """Whether there is a process, frozen ones included."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """Everything it printed."""
        return self._log.read_text() if self._log.exists() else ""

    def report(self) -> str:
        """The end of its log, for whoever has to find out what went wrong."""
        return "\n".join([f"--- {self}", *self.log().splitlines()[-LINES_SHOWN:]])

    async def ready(self) -> None:
        """Return once `/readyz` says so."""
        await self.until(self._is_ready, "ready", READY_SECONDS)

    async def _is_ready(self) -> bool:
        return await self.page("/readyz") is not None

    async def page(self, path: str) -> str | None:
        """A page of its health port, None where it does not answer with 200."""
        async with httpx.AsyncClient(timeout=5, verify=False, trust_env=False) as client:
            try:
                answer = await client.get(self.address + path)
            except httpx.TransportError:
                return None
        return answer.text if answer.status_code == httpx.codes.OK else None

    async def metric(self, name: str) -> float | None:
        """A metric without labels, None while it cannot be read."""
        lines = (await self.page("/metrics") or "").splitlines()
        return next((float(line.split()[1]) for line in lines if line.split()[:1] == [name]), None)

    async def logged(self, text: str) -> None:
        """Return once it printed this."""

        async def printed() -> bool:
            return text in self.log()

        await self.until(printed, f"seen to print {text!r}", READY_SECONDS)

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str, seconds: float) -> None:
        """Return once the condition holds; fail when the process ends before, or after the seconds given."""
        try:
            async with asyncio.timeout(seconds):
                while not await condition():
                    assert self.running, f"{self} ended before it was {what}:\n{self.report()}"
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self} was not {what} in {seconds:g} s:\n{self.report()}") from None

    def kill(self) -> None:
        """SIGKILL, and the process is gone on return; nothing happens where there is none."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(ENDED_SECONDS)

    def freeze(self) -> None:
        """SIGSTOP: it neither works nor goes away, until `thaw`."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    async def terminate(self) -> int:
        """SIGTERM, as an orchestrator ends it; its exit status."""
        self._send(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """The exit status, once it has one."""
        assert self._process is not None
        try:
            return await asyncio.to_thread(self._process.wait, ENDED_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} did not end in {ENDED_SECONDS:g} s:\n{self.report()}") from None

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
