"""The courier against a real endpoint; its back-off is injected, so nothing here waits for time to pass."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
import stripe

from worker.simulator.attempts import Flaw, Outcome, Persistence
from worker.simulator.deliveries import Courier
from worker.simulator.events import Event
from worker.simulator.signatures import SecretRoll
from worker.simulator.world import World

SECRET, NEXT_SECRET = "whsec_today", "whsec_tomorrow"
ROLL = SecretRoll(old=SECRET, new=NEXT_SECRET, begins=10, ends=20)


@dataclass(frozen=True)
class Request:
    head: dict[str, str]
    body: bytes

    @property
    def signature(self) -> str:
        return self.head["stripe-signature"]

    def signed_with(self, secret: str, tolerance: int | None = None) -> bool:
        try:
            return bool(stripe.WebhookSignature.verify_header(self.body, self.signature, secret, tolerance))
        except stripe.SignatureVerificationError:
            return False


# A status, or 0 to hang up without an answer, or -1 to never answer.
Answer = Callable[[Request], int]


@dataclass
class Endpoint:
    """A small HTTP server that answers each request as it is told, and keeps what it was sent."""

    answer: Answer
    together: asyncio.Barrier | None = None
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open[writer] = asyncio.current_task()
        try:
            while await self.answered(await received(reader), reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The client is gone, as clients past their deadline are.
        finally:
            writer.close()

    async def answered(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(request)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.together:
                await self.together.wait()
            status = self.answer(request)
            if status > 0:
                writer.write(f"HTTP/1.1 {status} Simulated\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
            elif status < 0:
                await reader.read()
        finally:
            self.busy -= 1
        return status > 0


async def received(reader: asyncio.StreamReader) -> Request:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[1:-1]
    head = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(head, await reader.readexactly(int(head["content-length"])))


@asynccontextmanager
async def endpoint(answer: Answer = lambda _: 200, together: asyncio.Barrier | None = None) -> AsyncIterator[Endpoint]:
    receiving = Endpoint(answer, together)
    server = await asyncio.start_server(receiving.serve, "127.0.0.1", 0)
    receiving.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/stripe"
    try:
        yield receiving
    finally:
        server.close()
        for writer in receiving.open:
            writer.close()
        await asyncio.gather(*(task for task in receiving.open.values() if task))
        await server.wait_closed()


class TickingClock:
    """A clock whose every reading is a second later than the last."""

    def __init__(self) -> None:
        self.time = int(time.time())

    def now(self) -> float:
        self.time += 1
        return float(self.time)

    def monotonic(self) -> float:
        return self.now()


@dataclass
class Backoff:
    """Counts the waits it is asked for and waits for none."""

    waits: list[int] = field(default_factory=list)

    async def __call__(self, failures: int) -> None:
        self.waits.append(failures)


def persistence(backoff: Callable[[int], Awaitable[None]] | None = None, attempts: int = 5) -> Persistence:
    return Persistence(attempts=attempts, deadline_seconds=5, concurrency=4, backoff=backoff or Backoff())


def failing(times: int, failure: int) -> Answer:
    """Fail each event so many times, then accept it."""
    seen: Counter[bytes] = Counter()

    def answer(request: Request) -> int:
        seen[request.body] += 1
        return failure if seen[request.body] <= times else 200

    return answer


@pytest.fixture(scope="module")
def events() -> tuple[Event, ...]:
    return World(seed=11, accounts=12).events()


async def test_every_event_arrives_with_its_own_bytes(events: tuple[Event, ...]) -> None:
    async with endpoint() as receiving:
        undelivered = await Courier(receiving.url, (SECRET,)).deliver(events)
    assert undelivered == ()
    assert Counter(request.body for request in receiving.requests) == Counter(event.body for event in events)
    assert {request.head["content-type"] for request in receiving.requests} == {"application/json; charset=utf-8"}
    assert all(request.signed_with(SECRET, tolerance=300) for request in receiving.requests)


async def test_with_one_request_at_a_time_events_arrive_in_the_order_given(events: tuple[Event, ...]) -> None:
    async with endpoint() as receiving:
        await Courier(receiving.url, (SECRET,), persistence=Persistence(concurrency=1)).deliver(events)
    assert [request.body for request in receiving.requests] == [event.body for event in events]


@pytest.mark.parametrize("failure", [503, 400, 302, 0])
async def test_an_attempt_that_fails_is_repeated_until_accepted(events: tuple[Event, ...], failure: int) -> None:
    backoff = Backoff()
    async with endpoint(failing(2, failure)) as receiving:
        undelivered = await Courier(receiving.url, (SECRET,), persistence=persistence(backoff)).deliver(events)
    assert undelivered == ()
    assert len(receiving.requests) == 3 * len(events)
    assert Counter(backoff.waits) == {1: len(events), 2: len(events)}


async def test_each_attempt_has_a_new_timestamp_and_signature(events: tuple[Event, ...]) -> None:
    async with endpoint(failing(3, 503)) as receiving:
        courier = Courier(receiving.url, (SECRET,), persistence=persistence(), clock=TickingClock())
        await courier.deliver(events)
    signatures: defaultdict[bytes, set[str]] = defaultdict(set)
    for request in receiving.requests:
        assert request.signed_with(SECRET)
        signatures[request.body].add(request.signature)
    assert {len(different) for different in signatures.values()} == {4}


async def test_an_endpoint_that_never_accepts_is_given_up_at_the_bound(events: tuple[Event, ...]) -> None:
    outcomes: list[Outcome] = []
    async with endpoint(lambda _: 503) as receiving:
        courier = Courier(receiving.url, (SECRET,), persistence=persistence(attempts=3), report=outcomes.append)
        undelivered = await courier.deliver(events)
    assert set(undelivered) == set(events)
    assert len(receiving.requests) == 3 * len(events)
    assert Counter((outcome.attempt, outcome.last) for outcome in outcomes) == {
        (1, False): len(events),
        (2, False): len(events),
        (3, True): len(events),
    }


async def test_an_endpoint_that_does_not_answer_is_left_at_the_deadline(events: tuple[Event, ...]) -> None:
    outcomes: list[Outcome] = []
    async with endpoint(failing(1, -1)) as receiving:
        courier = Courier(
            receiving.url,
            (SECRET,),
            persistence=replace(persistence(), deadline_seconds=0.1),
            report=outcomes.append,
        )
        undelivered = await courier.deliver(events[:3])
    assert undelivered == ()
    silent = [outcome for outcome in outcomes if outcome.status is None]
    assert len(silent) == 3
    assert all(outcome.trouble for outcome in silent)


async def test_a_closed_port_is_an_attempt_without_an_answer(events: tuple[Event, ...]) -> None:
    outcomes: list[Outcome] = []
    async with endpoint() as receiving:
        pass
    courier = Courier(receiving.url, (SECRET,), persistence=persistence(attempts=2), report=outcomes.append)
    assert await courier.deliver(events[:1]) == events[:1]
    assert [(outcome.status, outcome.accepted, outcome.last) for outcome in outcomes] == [
        (None, False, False),
        (None, False, True),
    ]
    assert "ConnectError" in outcomes[0].trouble


async def test_no_more_requests_are_open_than_allowed(events: tuple[Event, ...]) -> None:
    # Three at a time are answered only when three are open, so fewer would never end and more would be seen.
    async with endpoint(together=asyncio.Barrier(3)) as receiving:
        courier = Courier(receiving.url, (SECRET,), persistence=replace(persistence(attempts=1), concurrency=3))
        assert await courier.deliver(events[:30]) == ()
    assert receiving.busiest == 3


async def test_an_event_that_waits_holds_no_other_back(events: tuple[Event, ...]) -> None:
    others_arrived = asyncio.Event()
    first, *others = events
    arrived: list[Outcome] = []

    def note(outcome: Outcome) -> None:
        arrived.append(outcome)
        if sum(outcome.accepted for outcome in arrived) == len(others):
            others_arrived.set()

    async def until_others_arrived(_failures: int) -> None:
        await asyncio.wait_for(others_arrived.wait(), timeout=10)

    def answer(request: Request) -> int:
        return 503 if request.body == first.body and not others_arrived.is_set() else 200

    async with endpoint(answer) as receiving:
        one_at_a_time = replace(persistence(until_others_arrived), concurrency=1)
        assert await Courier(receiving.url, (SECRET,), persistence=one_at_a_time, report=note).deliver(events) == ()
    assert arrived[-1].event == first


async def test_no_more_events_are_begun_than_may_be_in_hand(events: tuple[Event, ...]) -> None:
    ended: list[Event] = []
    begun_at_most = 0

    def note(outcome: Outcome) -> None:
        if outcome.last:
            ended.append(outcome.event)

    def taken() -> Iterator[Event]:
        nonlocal begun_at_most
        for number, event in enumerate(events):
            begun_at_most = max(begun_at_most, number - len(ended))
            yield event

    async with endpoint(failing(1, 503)) as receiving:
        two_in_hand = replace(persistence(), in_hand=2)
        courier = Courier(receiving.url, (SECRET,), persistence=two_in_hand, report=note)
        assert await courier.deliver(taken()) == ()
    assert begun_at_most == 2


async def test_during_a_roll_the_old_secret_signs_then_both_then_the_new_one(events: tuple[Event, ...]) -> None:
    async with endpoint() as receiving:
        await Courier(receiving.url, ROLL, persistence=Persistence(concurrency=1)).deliver(events[:30])
    signed = [(request.signed_with(SECRET), request.signed_with(NEXT_SECRET)) for request in receiving.requests]
    assert signed == [(True, False)] * 10 + [(True, True)] * 10 + [(False, True)] * 10


async def test_retries_move_on_with_the_roll(events: tuple[Event, ...]) -> None:
    def answer(request: Request) -> int:
        return 200 if request.signed_with(NEXT_SECRET) else 400

    outcomes: list[Outcome] = []
    async with endpoint(answer) as receiving:
        courier = Courier(receiving.url, ROLL, persistence=persistence(attempts=12), report=outcomes.append)
        assert await courier.deliver(events[:1]) == ()
    assert [outcome.status for outcome in outcomes] == [400] * 10 + [200]


@pytest.mark.parametrize("flaw", [Flaw.FORGED_SIGNATURE, Flaw.STALE_TIMESTAMP])
async def test_a_flawed_delivery_is_one_attempt_whose_signature_is_refused(
    events: tuple[Event, ...], flaw: Flaw
) -> None:
    async with endpoint(lambda request: 200 if request.signed_with(SECRET, tolerance=300) else 400) as receiving:
        outcome = await Courier(receiving.url, (SECRET,)).deliver_flawed(events[0], flaw)
    assert (outcome.status, outcome.accepted, len(receiving.requests)) == (400, False, 1)
    assert receiving.requests[0].body == events[0].body


async def test_a_stale_timestamp_is_truly_signed(events: tuple[Event, ...]) -> None:
    async with endpoint() as receiving:
        await Courier(receiving.url, (SECRET,)).deliver_flawed(events[0], Flaw.STALE_TIMESTAMP)
    assert receiving.requests[0].signed_with(SECRET)
    assert not receiving.requests[0].signed_with(SECRET, tolerance=300)


async def test_a_delivery_can_lack_its_signature(events: tuple[Event, ...]) -> None:
    async with endpoint() as receiving:
        await Courier(receiving.url, (SECRET,)).deliver_flawed(events[0], Flaw.NO_SIGNATURE)
    assert "stripe-signature" not in receiving.requests[0].head


async def test_test_mode_adds_a_signature_of_a_scheme_that_means_nothing() -> None:
    tested = [event for event in World(seed=2, accounts=40).events() if not event.livemode]
    async with endpoint() as receiving:
        await Courier(receiving.url, (SECRET,)).deliver(tested[:1])
    assert ",v0=" in receiving.requests[0].signature
    assert receiving.requests[0].signed_with(SECRET)


async def test_a_courier_that_was_canceled_can_deliver_again(events: tuple[Event, ...]) -> None:
    begun = asyncio.Event()

    async def for_ever(_failures: int) -> None:
        begun.set()
        await asyncio.Event().wait()

    refusing = True
    async with endpoint(lambda _: 503 if refusing else 200) as receiving:
        courier = Courier(receiving.url, (SECRET,), persistence=replace(persistence(for_ever), in_hand=2))
        delivering = asyncio.create_task(courier.deliver(events))
        await asyncio.wait_for(begun.wait(), timeout=10)
        delivering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivering
        refusing = False
        assert await courier.deliver(events) == ()
