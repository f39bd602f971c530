"""A way to a server that is not there yet: nothing listens on its port until it is opened, then bytes pass through."""

import asyncio
from types import TracebackType
from typing import Self

from worker.embedded.free_ports import LOOPBACK, free_ports

CHUNK_BYTES = 65_536


class Forwarder:
    """A port that leads to another. Only what is new at its opening can pass: nothing waits for it inside."""

    def __init__(self, target: str) -> None:
        """`target` is `host:port`."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._port = free_ports(1)[0]
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        """`host:port`, which refuses connections until `open`."""
        return f"{LOOPBACK}:{self._port}"

    async def open(self) -> None:
        """From now on the server is there."""
        self._server = await asyncio.start_server(self._pass, LOOPBACK, self._port)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, away = await asyncio.open_connection(*self._target)
        self._writers |= {writer, away}
        await asyncio.gather(_copy(reader, away), _copy(there, writer))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers:
            writer.transport.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()
