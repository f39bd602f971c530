"""Answers Stripe's webhooks: 200 only after the broker has the bytes, untouched; never decides what they mean."""

import time
from typing import Final, get_args

from worker.asgi import Application, Message, Receive, Send
from worker.deadline import Deadline
from worker.ingress import cloudevent, envelope
from worker.ingress.answers import ANSWERS, Outcome
from worker.ingress.bodies import Bodies
from worker.ingress.refusals import Refusals
from worker.ingress.signature import Signatures
from worker.metrics import INGRESS_REQUESTS, INGRESS_SECONDS
from worker.ports import Handoff, HandoffFailed
from worker.traceparent import HEADER, only_valid
from worker.tracing import TRACING

PATH: Final = "/webhooks/stripe"
WANTED: Final = "capital."


# A counter is looked up by its label once, not for every request.
_COUNTED: Final = {outcome: INGRESS_REQUESTS.labels(outcome) for outcome in get_args(Outcome)}
_TRACEPARENT: Final = HEADER.encode()
_WELCOME: Final = frozenset[Outcome]({"accepted", "ignored"})


class Ingress:
    """The ASGI app. Every path but the webhooks' goes to `otherwise`.

    `append_seconds` stands behind the handoff's own deadline (5 s): it ends a handoff that forgot its promise.
    """

    def __init__(
        self,
        handoff: Handoff,
        signatures: Signatures,
        otherwise: Application,
        *,
        bodies: Bodies,
        refusals: Refusals,
        append_seconds: float = 6,
    ) -> None:
        self._handoff = handoff
        self._signatures = signatures
        self._otherwise = otherwise
        self._bodies = bodies
        self._refusals = refusals
        self._deadline = Deadline(append_seconds)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request. Nothing a client sends makes this raise."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._otherwise(scope, receive, send)
            return
        outcome: Outcome = "failed"
        try:
            outcome = await self._receive(scope, receive)
        finally:
            _COUNTED[outcome].inc()
            if outcome not in _WELCOME:
                self._refusals.note(outcome)
        answer = ANSWERS.get(outcome)
        if answer is not None:
            await send(answer.start)
            await send(answer.body)

    async def _receive(self, scope: Message, receive: Receive) -> Outcome:
        """Take in the body, unless the head alone says that it is not wanted."""
        if scope["method"] != "POST":
            return "wrong_method"
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if _announced(headers) > self._bodies.limits.one_bytes:
            return "too_large"
        body = await self._bodies.take(receive)
        if isinstance(body, str):
            return body
        arrived = time.perf_counter()
        try:
            return await self._accept(body, headers.get(b"stripe-signature"), _traceparent(scope))
        finally:
            self._bodies.release(body)
            INGRESS_SECONDS.observe(time.perf_counter() - arrived)

    async def _accept(self, body: bytes, signature: bytes | None, traceparent: str | None) -> Outcome:
        verdict = self._signatures.judge(body, signature)
        if verdict != "genuine":
            return verdict
        event = envelope.read(body)
        if event is None:
            return "unreadable"
        if not event.event_type.startswith(WANTED):
            return "ignored"
        try:
            with TRACING.webhook(traceparent, event.event_id), self._deadline.granted():
                await self._handoff.append(cloudevent.key(event), body, cloudevent.headers(event, traceparent))
        except (HandoffFailed, TimeoutError):
            return "unavailable"
        return "accepted"


def _traceparent(scope: Message) -> str | None:
    """The trace that a caller is in; Stripe says none, a gateway before this may."""
    return only_valid([value for name, value in scope["headers"] if name == _TRACEPARENT])


def _announced(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length[:19]) if length.isdigit() else 0
