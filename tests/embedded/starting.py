"""Runs the script `starter.py` in a process of its own, perhaps as another user."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from worker.embedded.server_process import ServerProcess
from worker.embedded.system_user import SystemUser

from . import starter

START_SECONDS = 120
SURVIVAL_SECONDS = 5

Started = tuple[asyncio.subprocess.Process, list[int]]


@asynccontextmanager
async def started(
    folder: Path,
    *wishes: str,
    script: Sequence[str] = (sys.executable, starter.__file__),
    environment: Mapping[str, str] | None = None,
    user: SystemUser | None = None,
) -> AsyncIterator[Started]:
    """The script once its servers are up, with their process ids."""
    process = await asyncio.create_subprocess_exec(
        *script,
        str(folder),
        *wishes,
        env=os.environ | (environment or {}),
        stdout=asyncio.subprocess.PIPE,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            pids = json.loads(await process.stdout.readline())
        yield process, pids
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def both_are_gone(folder: Path) -> None:
    """Every process of both servers; raises if one is left."""
    await ServerProcess("kafka", folder / "kafka" / "broker-1").vacant(SURVIVAL_SECONDS)
    await ServerProcess("postgres", folder / "postgres").vacant(SURVIVAL_SECONDS)
