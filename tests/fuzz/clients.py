"""The clients of a run: workers that send one attempt after another, and slow ones that never come to an end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.fuzz.answers import ACCEPTED, STATUS_LINE, Answer, NotHttpError, all_answers, one_answer
from tests.fuzz.attempts import Attempt, Expected
from tests.fuzz.figures import Figures
from tests.fuzz.topic_check import TopicCheck

UNDECIDED_SECONDS = 0.2
SLOW_SECONDS = 0.5
# Of requests that nobody understands, these are the answers there may be.
ALLOWED = frozenset({200, 400, 404, 405, 408, 413, 431, 503})

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Clients:
    """All clients of one ingress on this machine."""

    port: int
    figures: Figures
    check: TopicCheck

    async def work(self, attempts: Iterator[Attempt], more: Callable[[], bool]) -> None:
        """Make one attempt after another, as long as there shall be more."""
        while more():
            attempt = next(attempts)
            for body in attempt.signed:
                self.check.sign(body)
            try:
                await self._make(attempt)
            except (NotHttpError, TimeoutError, OSError) as error:
                self.figures.complain(f"input {attempt.number}: {type(error).__name__} {error}")
            self.figures.inputs[attempt.kind] += 1

    async def dawdle(self, more: Callable[[], bool]) -> None:
        """Send a request byte by byte, so slowly that it never gets done."""
        message = b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n" + b"a: b\r\n" * 5 + b"\r\n{}"
        while more():
            async with self._connected() as (_, writer):
                for byte in message:
                    if writer.transport.is_closing() or not more():
                        break
                    writer.write(bytes([byte]))
                    await asyncio.sleep(SLOW_SECONDS)
            self.figures.inputs["slow"] += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def _make(self, attempt: Attempt) -> None:
        async with self._connected() as (reader, writer):
            sending = asyncio.create_task(_send(writer, attempt))
            try:
                if attempt.expected:
                    await self._compare(attempt, reader)
                else:
                    await self._look(attempt, reader)
            finally:
                sending.cancel()
                await asyncio.wait({sending})

    async def _compare(self, attempt: Attempt, reader: asyncio.StreamReader) -> None:
        for expected in attempt.expected:
            answer = await one_answer(reader)
            if answer is None:
                self.figures.unanswered += 1
                # Told before its body was read, it may be overtaken by the end of the connection.
                if expected.status != 413:
                    self.figures.complain(f"input {attempt.number}: no answer, {expected.status} was due")
                return
            self._judge(attempt, expected, answer)

    def _judge(self, attempt: Attempt, expected: Expected, answer: Answer) -> None:
        self.figures.statuses[answer.status] += 1
        if answer.status == 503:
            if "retry-after" not in answer.headers:
                self.figures.complain(f"input {attempt.number}: 503 without Retry-After")
            return
        if answer.status != expected.status:
            said = f"{answer.status} {answer.body!r}"
            self.figures.complain(
                f"input {attempt.number}: {said}, {expected.status} was due to {expected.body!r:.300}"
            )
        elif expected.judgement and expected.judgement.due == "accepted":
            self.check.acknowledge(expected.body, expected.judgement)
        if (answer.body == ACCEPTED) != (expected.judgement is not None and expected.judgement.due == "accepted"):
            self.figures.complain(f"input {attempt.number}: {answer.body!r} to {expected.body!r:.300}")

    async def _look(self, attempt: Attempt, reader: asyncio.StreamReader) -> None:
        match attempt.ending:
            case "abort":
                received = await all_answers(reader, 0)
            case "read":
                received = await all_answers(reader, UNDECIDED_SECONDS)
            case "half_close":
                received = await all_answers(reader)
        statuses = [int(status) for status in STATUS_LINE.findall(received)]
        self.figures.statuses.update(statuses)
        self.figures.unanswered += not statuses
        for status in set(statuses) - ALLOWED - {100}:
            self.figures.complain(f"input {attempt.number}: {status}")


async def _send(writer: asyncio.StreamWriter, attempt: Attempt) -> None:
    """Each piece in a segment of its own; a server that closes early ends it."""
    try:
        for piece in attempt.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if attempt.ending == "half_close":
            writer.write_eof()
    except OSError:
        return
