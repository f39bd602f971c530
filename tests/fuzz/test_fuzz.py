"""The short form of `make fuzz`, and proof that it can fail."""

import itertools

import pytest

from tests.fuzz.attempts import attempt
from tests.fuzz.clients import Clients
from tests.fuzz.figures import MIB, Figures, Sample
from tests.fuzz.oracle import Judgement
from tests.fuzz.runner import SECRETS, Plan, run
from tests.fuzz.topic_check import TopicCheck
from tests.journeys.system import System
from worker.asgi import Message, Receive, Send
from worker.http import HttpServer
from worker.ports import Record

SECONDS = 15
ATTEMPTS = 60
JUDGEMENT = Judgement("accepted", "acct_1")


async def test_no_input_breaks_the_ingress_or_gets_a_wrong_answer(system: System) -> None:
    await system.topics()
    figures = await run(Plan(SECONDS, seed=1), system, print)
    assert figures.good, figures.table()
    assert figures.acknowledged > 0


@pytest.mark.parametrize(("status", "text"), [(200, b"accepted\n"), (400, b"no\n"), (500, b"oh\n"), (503, b"busy\n")])
async def test_an_ingress_that_always_answers_the_same_is_found_out(status: int, text: bytes) -> None:
    async def app(_scope: Message, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    figures = Figures(1)
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    try:
        clients = Clients(server.port, figures, TopicCheck(figures))
        attempts = (attempt(1, number, SECRETS) for number in itertools.count())
        await clients.work(attempts, lambda: figures.inputs.total() < ATTEMPTS)
    finally:
        await server.stop(0)
    assert not figures.good


def test_an_acknowledged_event_that_is_not_on_the_topic_is_missing() -> None:
    figures = Figures(1)
    check = TopicCheck(figures)
    check.acknowledge(b"body", JUDGEMENT)
    assert check.missing() == 1
    check.sign(b"body")
    check.find(Record(0, 0, 0, str(JUDGEMENT.key).encode(), b"body", ()))
    assert (check.missing(), figures.good) == (0, True)


@pytest.mark.parametrize(
    "record",
    [
        Record(0, 0, 0, b"acct_1", b"another body", ()),
        Record(0, 0, 0, b"acct_2", b"body", ()),
        Record(0, 0, 0, b"acct_1", b"body", (("ce_id", b"evt\r\n"),)),
        Record(0, 0, 0, b"acct_1", b"body", (("ce_id", b"\xff"),)),
    ],
)
def test_a_record_that_should_not_be_as_it_is_is_found_out(record: Record) -> None:
    figures = Figures(1)
    check = TopicCheck(figures)
    check.sign(b"body")
    check.acknowledge(b"body", JUDGEMENT)
    check.find(record)
    assert not figures.good


def test_memory_that_keeps_growing_is_found_out() -> None:
    flat, growing = Figures(1), Figures(1)
    for second in range(30):
        flat.samples.append(Sample(second, 100 * MIB, 9, 0))
        growing.samples.append(Sample(second, (100 + 3 * second) * MIB, 9, 0))
    assert flat.good
    assert not growing.good
