"""Reading answers as a strict client does: what it does not understand is an error of the server."""

import asyncio
import re
from dataclasses import dataclass

PATIENCE_SECONDS = 45
STATUS_LINE = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)
ACCEPTED = b"accepted\n"


class NotHttpError(Exception):
    """The server sent what no client can read."""


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes


async def one_answer(reader: asyncio.StreamReader) -> Answer | None:
    """The next answer, None where the connection ends before it. Raises NotHttpError, and TimeoutError after 45 s."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (answer := await _answer(reader)) is not None:
            if answer.status >= 200:
                return answer
    return None


async def all_answers(reader: asyncio.StreamReader, seconds: float = PATIENCE_SECONDS) -> bytes:
    """Everything until the connection ends, or so long; for requests that nobody understands."""
    received = b""
    try:
        async with asyncio.timeout(seconds):
            while chunk := await reader.read(65_536):
                received += chunk
    except (TimeoutError, ConnectionError):
        return received
    return received


async def _answer(reader: asyncio.StreamReader) -> Answer | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise NotHttpError(repr(ended.partial[:200])) from ended
        return None
    except ConnectionError:
        return None
    status, headers = _head(head)
    length = int(headers.get("content-length", "0"))
    try:
        return Answer(status, headers, await reader.readexactly(length))
    except asyncio.IncompleteReadError as ended:
        raise NotHttpError(f"{head!r} and a body of {len(ended.partial)} bytes") from ended
    except ConnectionError:
        return None


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    try:
        first, *lines = head.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
        version, status, _ = first.split(" ", 2)
        headers = dict(line.split(": ", 1) for line in lines)
    except ValueError as error:
        raise NotHttpError(repr(head[:200])) from error
    if version != "HTTP/1.1" or len(headers) != len(lines):
        raise NotHttpError(repr(head[:200]))
    return int(status), headers
