"""Starts one server and ends it when the process that wanted it is gone, however that went; it never outlives either.

Run as a script, with nothing of this package importable: `guardian.py LOCK USER SIGNAL COMMAND…`. LOCK is the
descriptor of a file lock that the server inherits, USER is `UID:GID` or empty, SIGNAL is what the server is told
first when it is orphaned. Standard input is the lifeline: one byte means that the server has ended and nothing is
left to do, the end of it without a byte means that the starter is gone.

A death signal of the kernel would not do: it is lost when the server changes its user, it comes when the *thread*
that started the server ends, and only Linux has it.
"""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

_LIFELINE = 0
_GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.02


def family(pid: int) -> list[int]:
    """`pid` and all its descendants, parents before children; those that end or begin meanwhile may be amiss.

    Needed because Postgres gives each of its processes a session of its own, so no group holds them together.
    """
    children = defaultdict(list)
    for child, parent in _every_process():
        children[parent].append(child)
    members = [pid]
    for member in members:
        members.extend(children[member])
    return members


def signal_each(pids: Iterable[int], signal_number: int) -> None:
    """Send the signal to each that still exists."""
    for pid in pids:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            continue


def _every_process() -> Iterator[tuple[int, int]]:
    """Each process with its parent, from /proc, or from `ps` where there is no /proc (macOS)."""
    if not Path("/proc/self").exists():
        listing = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
        for line in listing.stdout.splitlines():
            child, parent = line.split()
            yield int(child), int(parent)
        return
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The program's name stands in parentheses and may hold anything, so count from its end.
            yield int(stat.parent.name), int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _end(server: int, first_signal: int) -> None:
    members = family(server)
    signal_each(members, signal.SIGCONT)  # a paused process would keep the signal for later
    signal_each([server], first_signal)
    deadline = time.monotonic() + _GRACE_SECONDS
    # Those once gone are dropped, since their ids may be given to others.
    while (members := list(filter(_exists, members))) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    signal_each(members, signal.SIGKILL)


def _guard(server: int, first_signal: int) -> None:
    if not os.read(_LIFELINE, 1):
        _end(server, first_signal)


def _become(user: str, command: list[str]) -> None:
    """Turn this process into the server, so that its id is the one that the starter knows."""
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), _LIFELINE)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored is inherited
    if user:
        uid, gid = map(int, user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.execv(command[0], command)  # noqa: S606 - the command is this package's own


def _main(lock: int, user: str, first_signal: int, command: list[str]) -> None:
    server = os.getpid()
    child = os.fork()
    if child == 0:
        # The lock stands for the server; held here too, the server would never seem to have ended.
        os.close(lock)
        os.setsid()
        if os.fork() == 0:  # twice, so that the server is not the parent of a process it does not know
            _guard(server, first_signal)
        os._exit(0)
    os.waitpid(child, 0)
    _become(user, command)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])
