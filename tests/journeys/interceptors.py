"""Ways to a server that lose one answer: the request reaches the server and is done, and nobody hears of it."""

import asyncio
import re
from types import TracebackType
from typing import Final, Literal, Self

from worker.embedded.free_ports import LOOPBACK

CHUNK_BYTES = 65_536
SIZE_BYTES = 4
END_TRANSACTION: Final = 26
# How a batch's statement begins, behind its name; and how a server says that it is idle, in no transaction.
PREPARED: Final = re.compile(rb"(__asyncpg_stmt_\w+?__)\0WITH moved AS")
IDLE: Final = b"Z\0\0\0\x05I"

# Whether the connection is cut then, or stays open and silent.
Then = Literal["cut", "stall"]


class Interceptor:
    """A port that leads to a server. Nothing is lost until `lose` was called, and then one answer."""

    def __init__(self, target: str) -> None:
        """`target` is `host:port`."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.then: Then | None = None
        self.lost = asyncio.Event()

    def lose(self, then: Then) -> None:
        """Lose the next answer that this kind of interceptor is for; `lost` is set when it happened."""
        self.then = then
        self.lost.clear()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{LOOPBACK}:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, away = await asyncio.open_connection(*self._target)
        self._writers |= {writer, away}
        passage = self._passage()
        try:
            await asyncio.gather(passage.ask(reader, away), passage.answer(there, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in (writer, away):
                end.transport.abort()

    def _passage(self) -> "Passage":
        raise NotImplementedError


class Passage:
    """One connection: what is asked goes one way, what is answered the other."""

    def __init__(self, interceptor: Interceptor) -> None:
        self._interceptor = interceptor
        self._silent = False

    async def ask(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """Requests, as long as they come."""
        while chunk := await self._read(client):
            self._asked(chunk)
            server.write(chunk)
            await server.drain()
        raise ConnectionAbortedError

    async def answer(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Answers, but for the one that is lost and all behind it."""
        while chunk := await self._read(server):
            if not self._silent and self._is_to_be_lost(chunk):
                self._silent = True
                self._interceptor.lost.set()
                if self._interceptor.then == "cut":
                    break
            if not self._silent:
                client.write(self._rewritten(chunk))
                await client.drain()
        raise ConnectionAbortedError

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.read(CHUNK_BYTES)

    def _asked(self, chunk: bytes) -> None:
        raise NotImplementedError

    def _is_to_be_lost(self, chunk: bytes) -> bool:
        raise NotImplementedError

    def _rewritten(self, chunk: bytes) -> bytes:
        return chunk


class PostgresInterceptor(Interceptor):
    """Loses the answer to a batch, whose statement has committed by the time it is answered."""

    def _passage(self) -> Passage:
        return _Batches(self)


class _Batches(Passage):
    """Finds by its name, which the driver gives each statement it prepares, where a batch is on its way."""

    def __init__(self, interceptor: Interceptor) -> None:
        super().__init__(interceptor)
        self._prepared: set[bytes] = set()
        self._committing = False

    def _asked(self, chunk: bytes) -> None:
        self._prepared.update(PREPARED.findall(chunk))
        self._committing |= any(b"\0%b\0" % name in chunk for name in self._prepared)

    def _is_to_be_lost(self, chunk: bytes) -> bool:
        if not (self._committing and chunk.endswith(IDLE)):
            return False
        self._committing = False
        return self._interceptor.then is not None and not self._interceptor.lost.is_set()


class KafkaInterceptor(Interceptor):
    """Loses the answer to the end of a transaction; clients find no other way to the broker."""

    def _passage(self) -> Passage:
        return _Transactions(self, self._target[1])


class _Transactions(Passage):
    def __init__(self, interceptor: Interceptor, port: int) -> None:
        super().__init__(interceptor)
        self._ending: set[bytes] = set()
        self._ports = tuple(LOOPBACK.encode() + number.to_bytes(4) for number in (port, interceptor.port))

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """One request or answer with its size."""
        size = await reader.readexactly(SIZE_BYTES)
        return size + await reader.readexactly(int.from_bytes(size))

    def _asked(self, chunk: bytes) -> None:
        api_key, correlation = int.from_bytes(chunk[4:6]), chunk[8:12]
        if api_key == END_TRANSACTION and self._interceptor.then is not None:
            self._ending.add(correlation)

    def _is_to_be_lost(self, chunk: bytes) -> bool:
        return not self._interceptor.lost.is_set() and chunk[4:8] in self._ending

    def _rewritten(self, chunk: bytes) -> bytes:
        real, mine = self._ports
        return chunk.replace(real, mine)
