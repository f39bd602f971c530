"""The connections of one server: how many are open, and which of them gives way to a new one when it is full."""

import asyncio
from typing import Protocol

from uvicorn import Config
from uvicorn.server import ServerState

from worker.http.limits import HttpLimits


class Closable(Protocol):
    """A connection, as far as it is to be closed."""

    transport: asyncio.Transport


class Connections:
    """All that are open, and among them those waiting for a next request, and those whose request is not whole yet."""

    def __init__(self, config: Config, limits: HttpLimits, loop: asyncio.AbstractEventLoop) -> None:
        self.config = config
        self.limits = limits
        self.loop = loop
        self.state = ServerState()
        self.closing = False
        self.changed = asyncio.Event()
        # Both in the order in which they began: the oldest is the first.
        self._idle: dict[Closable, None] = {}
        self._receiving: dict[Closable, float] = {}

    def receiving(self, connection: Closable) -> None:
        """From now on this one waits for the rest of a request."""
        self.busy(connection)
        self._receiving[connection] = self.loop.time()

    def idle(self, connection: Closable) -> None:
        """From now on this one waits for another request."""
        self.busy(connection)
        self._idle[connection] = None

    def busy(self, connection: Closable) -> None:
        """From now on this one waits for nothing from its client: it is answered, or gone."""
        self._idle.pop(connection, None)
        self._receiving.pop(connection, None)

    def has_room(self) -> bool:
        """Whether one more fits, if need be by closing one: idle for longest, or for longest short of a request."""
        if len(self.state.connections) < self.limits.connections:
            return True
        found = next(iter(self._idle), None) or self._slowest()
        if found is None:
            return False
        self.busy(found)
        self.state.connections.discard(found)
        found.transport.abort()
        return True

    def _slowest(self) -> Closable | None:
        """What cannot send a request in a second is no loss; many that wait together would be the end of all others."""
        for connection, began in self._receiving.items():
            return connection if self.loop.time() - began >= self.limits.undisturbed_seconds else None
        return None
