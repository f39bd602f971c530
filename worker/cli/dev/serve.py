"""The worker itself as a child process with settings of its own; it ends with this process, even a killed one."""

import math
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

import httpx

import worker
from worker.embedded.errors import ServerFailedError
from worker.embedded.server_process import ServerProcess

_READY_SECONDS: Final = 60.0
# Longer than the worker's own drain time.
_STOP_SECONDS: Final = 8.0
_ANSWER_SECONDS: Final = 2.0
# Every Unix has it there.
_ENV: Final = "/usr/bin/env"
# What makes the child run this very code, wherever it was started from.
_CODE: Final = Path(worker.__file__).parent.parent


class ServeProcess:
    """`python -m worker serve`, with its log in `serve.log` of `folder`."""

    def __init__(self, folder: Path, environment: Mapping[str, str], ready_url: str) -> None:
        self._process = ServerProcess("serve", folder)
        self._environment = environment
        self._ready_url = ready_url

    @property
    def log(self) -> Path:
        """Where it logs."""
        return self._process.log

    async def start(self) -> None:
        """Return once it says that it is ready. Raises ServerFailedError with the end of its log."""
        given = [f"{name}={value}" for name, value in {"PYTHONPATH": _CODE, **self._environment}.items()]
        self._process.launch([_ENV, *given, sys.executable, "-m", "worker", "serve"])
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            await self._process.ready(lambda: self._answers(client), _READY_SECONDS)

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return httpx.codes.is_success((await client.get(self._ready_url)).status_code)
        except httpx.TransportError:
            return False

    async def lost(self) -> NoReturn:
        """Wait until it ends by itself, however; raises ServerFailedError with the end of its log."""
        await self._process.succeed(math.inf)
        raise ServerFailedError(f"serve ended by itself with status 0; its log is {self.log}")

    async def stop(self) -> None:
        """End it in order, and by force if that takes long. Nothing happens if it has ended."""
        await self._process.stop(signal.SIGTERM, _STOP_SECONDS)
