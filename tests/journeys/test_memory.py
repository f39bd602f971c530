"""What an ingress holds for a broker that takes connections and answers nothing has a bound, and so has the wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench.usage import resident_bytes
from tests.fuzz.answers import Answer, one_answer
from tests.ingress.webhooks import body_with, signed
from tests.journeys.child import Child
from tests.journeys.silence import silent
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post
from worker.embedded import Kafka

MIB = 1_048_576
# Together half as much again as the 64 MiB that an ingress holds of bodies.
AT_ONCE = 500
BODY = body_with('"' + "x" * 200_000 + '"')
# Each body is there twice while it comes in, and freed memory does not go back at once: one round takes 110 to 150 MiB.
# If it kept what it has given up, three would take far more than this.
ROUNDS = 3
MOST_BYTES = 224 * MIB
LOOK_SECONDS = 0.05


@dataclass
class Peak:
    resident: int = 0


@asynccontextmanager
async def watched(child: Child) -> AsyncIterator[Peak]:
    peak = Peak()

    async def look() -> None:
        while True:
            peak.resident = max(peak.resident, resident_bytes(child.pid))
            await asyncio.sleep(LOOK_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield peak
    finally:
        looking.cancel()


async def delivered(system: System) -> Answer | None:
    """The answer to one large webhook; None where the connection ended before it could be read."""
    head = b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\nstripe-signature: %b\r\n\r\n"
    message = head % (len(BODY), signed(BODY, system.secrets[0])) + BODY
    reader, writer = await asyncio.open_connection("127.0.0.1", int(system.environ["CAPITAL_INGRESS_PORT"]))
    sending = asyncio.create_task(_send(writer, message))
    try:
        return await one_answer(reader)
    finally:
        sending.cancel()
        await asyncio.wait({sending})
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, message: bytes) -> None:
    try:
        writer.write(message)
        await writer.drain()
    except OSError:
        return


async def test_a_flood_beside_a_silent_broker_is_answered_503_in_bounded_memory(system: System, kafka: Kafka) -> None:
    await system.topics()
    ingress = system.child("ingress")
    ingress.start()
    await ingress.ready()
    assert (await post(system.url, offer_event("evt_first"), system.secrets)).status_code == 200
    before = resident_bytes(ingress.pid)
    async with silent(kafka), watched(ingress) as peak:
        for _ in range(ROUNDS):
            answers = await asyncio.gather(*(delivered(system) for _ in range(AT_ONCE)))
            told = [(answer.status, int(answer.headers["retry-after"])) for answer in answers if answer is not None]
            assert set(told) == {(503, 5)}
            # Overtaken by the end of its connection, an answer is lost; most are not.
            assert len(told) > AT_ONCE / 2
    assert peak.resident - before < MOST_BYTES
    assert (await post(system.url, offer_event("evt_last"), system.secrets)).status_code == 200
    assert await ingress.terminate() == 0
