"""The server: one app on one address, from start to stop; it answers what is in flight before it closes."""

import asyncio
import socket

from uvicorn import Config

from worker.asgi import Application
from worker.http.connection import Connection
from worker.http.connections import Connections
from worker.http.limits import HttpLimits


class CannotListen(Exception):  # noqa: N818 - named for what happened
    """The address is in use, or is not one of this machine's."""


class HttpServer:
    """One app on one address, from `start` to `stop`."""

    def __init__(self, app: Application, host: str, port: int, limits: HttpLimits | None = None) -> None:
        self._host = host
        self._port = port
        self._config = _configuration(app)
        self._limits = limits or HttpLimits()
        self._shared: Connections | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port listened on: the one chosen by the system when 0 was asked for."""
        return self._port

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._shared.state.connections) if self._shared else 0

    async def start(self) -> None:
        """Return once connections are accepted. Raises CannotListen."""
        loop = asyncio.get_running_loop()
        shared = self._shared = Connections(self._config, self._limits, loop)
        listener = await self._bind(loop)
        self._port = listener.getsockname()[1]
        self._server = await loop.create_server(lambda: Connection(shared), sock=listener, backlog=2048)

    async def _bind(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, _, _, _, address = found[0]
            both = family == socket.AF_INET6 and self._host == "::" and socket.has_dualstack_ipv6()
            listener = socket.create_server(address[:2], family=family, dualstack_ipv6=both)
            # Accepted connections inherit it; without it an answer waits for the client's delayed acknowledgement.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotListen(f"cannot listen on {self._host} port {self._port}: {reason}") from error
        return listener

    async def stop(self, deadline: float) -> None:
        """Accept nothing new, answer what is in flight for at most `deadline` seconds, then close everything."""
        if self._server is None or self._shared is None:
            return
        self._server.close()
        self._server = None
        self._shared.closing = True
        for connection in list(self._shared.state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(deadline):
                await self._answered(self._shared)
                await self._closed(self._shared)
        except TimeoutError:
            await self._abort(self._shared)

    async def _answered(self, shared: Connections) -> None:
        while shared.state.tasks:
            await asyncio.wait(shared.state.tasks)

    async def _closed(self, shared: Connections) -> None:
        while shared.state.connections:
            shared.changed.clear()
            await shared.changed.wait()

    async def _abort(self, shared: Connections) -> None:
        """Connections first: a request is given up only when nobody can get an answer any more.

        Both end within a few turns of the loop.
        """
        for connection in list(shared.state.connections):
            connection.transport.abort()
        await self._closed(shared)
        for task in list(shared.state.tasks):
            task.cancel()
        await self._answered(shared)


def _configuration(app: Application) -> Config:
    config = Config(
        app,
        loop="none",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    config.load()
    return config
