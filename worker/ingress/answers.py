"""The closed list of what can become of a webhook, and the answer to each; never echoes what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from worker.asgi import Message

Outcome = Literal[
    "accepted",  # on the broker
    "ignored",  # genuine, of a type this system is not for
    "unsigned",
    "wrong_signature",
    "stale_signature",
    "unreadable",  # genuine, and no JSON object with an id and a type
    "too_large",
    "too_slow",  # the body did not arrive in time
    "overloaded",  # too many bytes in flight
    "unavailable",  # the broker did not acknowledge in time
    "wrong_method",
    "abandoned",  # the client left before its body was complete: nobody to answer
    "failed",  # a defect of this program; the server answers 500
]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer as the two messages that ASGI wants."""

    start: Message
    body: Message


def _answer(status: int, text: str, *more: tuple[bytes, bytes]) -> Answer:
    body = f"{text}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *more]
    return Answer(
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


_CLOSE: Final = (b"connection", b"close")
_LATER: Final = (b"retry-after", b"5")

ANSWERS: Final[Mapping[Outcome, Answer]] = {
    "accepted": _answer(200, "accepted"),
    "ignored": _answer(200, "ignored: not a Stripe Capital event"),
    "unsigned": _answer(400, "the Stripe-Signature header is missing"),
    "wrong_signature": _answer(400, "the signature does not match"),
    "stale_signature": _answer(400, "the signature is too old"),
    "unreadable": _answer(400, "the body is not a JSON object with an id and a type"),
    "too_large": _answer(413, "the body is over 256 KiB", _CLOSE),
    "too_slow": _answer(408, "the body did not arrive in time", _CLOSE),
    "overloaded": _answer(503, "too much is in flight", _LATER, _CLOSE),
    "unavailable": _answer(503, "the event could not be stored now", _LATER),
    "wrong_method": _answer(405, "only POST is allowed here", (b"allow", b"POST"), _CLOSE),
}
