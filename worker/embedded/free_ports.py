"""Finds free ports on the loopback interface; never one that an outgoing connection can be given.

The kernel's own choice (port 0) comes from the range it also gives to clients. A client that retries while its
server is down can then be connected to itself on the server's port, and the restarted server finds it taken.
"""

import secrets
import socket
from contextlib import ExitStack
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the range for outgoing connections on Linux (from 32768) and on macOS (from 49152)."""


def free_ports(count: int) -> list[int]:
    """`count` different ports that nothing listens on now; something else may still take one before its use."""
    ports: list[int] = []
    with ExitStack() as held:  # all held until all are found, so that they differ
        while len(ports) < count:
            port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
            candidate = held.enter_context(socket.socket())
            try:
                candidate.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
    return ports
