"""Deliveries: events posted as Stripe posts them, again and again until accepted, and never in a promised order."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from typing import assert_never

import httpx

from worker.clock import Clock, SystemClock
from worker.simulator.attempts import Flaw, Outcome, Persistence
from worker.simulator.events import Event
from worker.simulator.lines import Lines, opened_line, opened_lines
from worker.simulator.signatures import SecretRoll, signature_header

_HEADERS = {
    "Accept": "*/*; q=0.5, application/json",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}
# Older than the 300 s that receivers tolerate.
_STALE_SECONDS = 3_600


def _nothing(_outcome: Outcome) -> None:
    pass


_ORDINARY = Persistence()


class Courier:
    """Posts events to one endpoint, signed with every secret of a tuple, or as a roll says."""

    def __init__(
        self,
        url: str,
        secrets: tuple[str, ...] | SecretRoll,
        *,
        persistence: Persistence = _ORDINARY,
        clock: Clock | None = None,
        report: Callable[[Outcome], None] = _nothing,
    ) -> None:
        self._url = url
        self._secrets = secrets
        self._persistence = persistence
        self._clock = clock or SystemClock()
        self._report = report
        self._numbers = count()

    async def deliver(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Begin the events in this order, each until accepted or out of attempts; return those never accepted.

        Each attempt is signed anew, with a new timestamp, and reported. The bounds hold for each call on its own.
        """
        undelivered: list[Event] = []
        deadline = self._persistence.deadline_seconds
        in_hand = asyncio.Semaphore(self._persistence.in_hand)
        async with opened_lines(self._persistence.concurrency, deadline) as lines, asyncio.TaskGroup() as carriers:
            for event in events:
                await in_hand.acquire()
                carrier = carriers.create_task(self._carry(lines, event, undelivered))
                carrier.add_done_callback(lambda _: in_hand.release())
        return tuple(undelivered)

    async def deliver_flawed(self, event: Event, flaw: Flaw) -> Outcome:
        """One attempt that must be refused; it is not repeated, and not reported."""
        async with opened_line(self._persistence.deadline_seconds) as line:
            status, trouble = await self._post(line, event, self._flawed_headers(event, flaw))
        return Outcome(event, 1, status, trouble, of=1)

    async def _carry(self, lines: Lines, event: Event, undelivered: list[Event]) -> None:
        for attempt in range(1, self._persistence.attempts + 1):
            if await self._attempted(lines, event, attempt):
                return
        undelivered.append(event)

    async def _attempted(self, lines: Lines, event: Event, attempt: int) -> bool:
        """Make and report one attempt, then wait if another is to follow; True when the event was accepted."""
        line = await lines.get()
        try:
            status, trouble = await self._post(line, event, self._headers(event))
        finally:
            lines.put_nowait(line)
        outcome = Outcome(event, attempt, status, trouble, of=self._persistence.attempts)
        self._report(outcome)
        if not outcome.last:
            await self._persistence.backoff(attempt)
        return outcome.accepted

    async def _post(self, line: httpx.AsyncClient, event: Event, headers: dict[str, str]) -> tuple[int | None, str]:
        """The status, or None and what prevented one."""
        try:
            async with asyncio.timeout(self._persistence.deadline_seconds):
                answer = await line.post(self._url, content=event.body, headers=headers)
        except TimeoutError:
            return None, f"no answer in {self._persistence.deadline_seconds} s"
        except httpx.TransportError as error:
            return None, repr(error)
        return answer.status_code, ""

    def _headers(self, event: Event) -> dict[str, str]:
        return self._signed(event, int(self._clock.now()), self._active_secrets())

    def _flawed_headers(self, event: Event, flaw: Flaw) -> dict[str, str]:
        now = int(self._clock.now())
        match flaw:
            case Flaw.FORGED_SIGNATURE:
                return self._signed(event, now, ("whsec_of_somebody_else",))
            case Flaw.STALE_TIMESTAMP:
                return self._signed(event, now - _STALE_SECONDS, self._active_secrets())
            case Flaw.NO_SIGNATURE:
                return _HEADERS
            case _:
                assert_never(flaw)

    def _active_secrets(self) -> tuple[str, ...]:
        number = next(self._numbers)
        return self._secrets.active(number) if isinstance(self._secrets, SecretRoll) else self._secrets

    @staticmethod
    def _signed(event: Event, timestamp: int, secrets: tuple[str, ...]) -> dict[str, str]:
        header = signature_header(event.body, timestamp=timestamp, secrets=secrets, livemode=event.livemode)
        return _HEADERS | {"Stripe-Signature": header}
