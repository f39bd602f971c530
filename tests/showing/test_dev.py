"""The command `dev` as a person runs it: it works, it ends, and nothing of it stays."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from worker.cli.dev import ACCOUNTS_ONCE
from worker.cli.dev.once import KINDS_ONCE
from worker.simulator.world import World

pytestmark = pytest.mark.timeout(180)

# The first start ever fetches Kafka.
START_SECONDS = 150
END_SECONDS = 15


@dataclass
class Dev:
    """A running `dev`, with the lines it has printed so far."""

    process: asyncio.subprocess.Process
    folder: Path
    lines: list[str] = field(default_factory=list)

    async def until(self, part: str) -> str:
        """The first line from now on that holds this."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line.rstrip())
                if part in line:
                    return line
        raise AssertionError(f"dev ended without {part!r}: {self.lines}")

    async def ended(self, seconds: float) -> tuple[int, str, str]:
        """Its status, the rest of what it printed, and its errors."""
        async with asyncio.timeout(seconds):
            out, error = await self.process.communicate()
        return await self.process.wait(), out.decode(), error.decode()

    async def left_nothing(self) -> None:
        """Its folder for temporary files is empty, and no process knows of it any more."""
        assert list(self.folder.iterdir()) == []
        async with asyncio.timeout(5):
            while any(_about(self.folder)):  # noqa: ASYNC110 - the end of a stranger is no event
                await asyncio.sleep(0.01)

    def child(self, command: bytes) -> int:
        """The process id of the one process of this run with this command."""
        (pid,) = (pid for pid, line in _about(self.folder) if line.endswith(command) and b"guardian" not in line)
        return pid


def _about(folder: Path) -> Iterable[tuple[int, bytes]]:
    """Processes, with their commands, whose command or environment names the folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if os.fsencode(folder) in command + environment:
            yield int(process.name), command


@asynccontextmanager
async def dev(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[Dev]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "worker", "dev", *arguments),
        env=os.environ | {"TMPDIR": str(folder)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Dev(process, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_one_round_shows_every_account_finds_nothing_wrong_and_leaves_nothing(folder: Path) -> None:
    async with dev(folder, "--once", CAPITAL_DATABASE_URL="postgresql://elsewhere", CAPITAL_NOTHING="1") as running:
        status, out, error = await running.ended(START_SECONDS)
        assert (status, error) == (0, "")
        await running.left_nothing()
    assert "Ignored, since this makes its own settings: CAPITAL_DATABASE_URL, CAPITAL_NOTHING" in out
    shown = set(re.findall(r"^(acct_\w+)  (live|test) ──", out, flags=re.MULTILINE))
    assert shown == {
        (history.account, "live" if history.livemode else "test")
        for history in World(seed=1, accounts=ACCOUNTS_ONCE, kinds=KINDS_ONCE).histories
        if any(event.type.startswith("capital.") for event in history.events)
    }
    assert "held, released later by" in out
    assert "nothing new: released before as #" in out
    verdict = re.fullmatch(
        r"expected (\d+) notifications, read (\d+)(?: \(\d+ others beside them\))?:"
        r" lost 0, doubled 0, unexpected 0, out of order 0",
        out.splitlines()[-1],
    )
    assert verdict is not None
    assert verdict[1] == verdict[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_all_of_it_with_status_0(folder: Path, number: signal.Signals) -> None:
    async with dev(folder, "--accounts", "2") as running:
        await running.until("webhooks")
        await running.until("delivered")
        await running.until("told #")
        assert {pid for pid, _ in _about(folder)} > {running.process.pid}
        running.process.send_signal(number)
        status, out, error = await running.ended(END_SECONDS)
        assert (status, error) == (0, "")
        assert out.endswith("Ending everything.\n")
        await running.left_nothing()


async def test_a_signal_while_the_servers_start_ends_all_of_it_too(folder: Path) -> None:
    async with dev(folder) as running:
        await running.until("Starting Kafka")
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)
        status, _, error = await running.ended(END_SECONDS)
        assert (status, error) == (0, "")
        await running.left_nothing()


async def test_a_round_that_is_ended_before_its_verdict_has_not_passed(folder: Path) -> None:
    async with dev(folder, "--once") as running:
        await running.until("Starting Kafka")
        running.process.send_signal(signal.SIGTERM)
        status, _, _ = await running.ended(END_SECONDS)
        assert status == 1
        await running.left_nothing()


async def test_a_worker_that_dies_ends_all_of_it_with_the_end_of_its_log(folder: Path) -> None:
    async with dev(folder) as running:
        await running.until("told #")
        os.kill(running.child(b"serve\0"), signal.SIGKILL)
        status, _, error = await running.ended(END_SECONDS)
        assert status == 1
        assert "dev: serve ended with status" in error
        assert "role.started" in error
        await running.left_nothing()
