"""Says what a record's key and headers are: CloudEvents 1.0, binary mode on Kafka; never looks into the payload."""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from worker.ingress.envelope import Envelope
from worker.ports import Headers
from worker.traceparent import HEADER as TRACEPARENT

TYPE_PREFIX: Final = "com.stripe."
SOURCE: Final = "https://stripe.com"
LONGEST_VALUE: Final = 512

# What CloudEvents forbids in an attribute: control characters, half surrogate pairs, noncharacters.
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def key(envelope: Envelope) -> bytes:
    """The account, so that its records stay in order; the event id where no one account is named."""
    return _text(envelope.account or envelope.event_id)


def headers(envelope: Envelope, traceparent: str | None = None) -> Headers:
    """The attributes. `ce_source` is Stripe's site and the mode: `https://stripe.com/live`, `/test`, or neither.

    `ce_time` (from `created`, RFC 3339 UTC), `ce_subject` (the object's id) and the trace are left out when not known.
    """
    attributes: Headers = (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", _text(envelope.event_id)),
        ("ce_source", _SOURCES[envelope.livemode]),
        ("ce_type", _text(TYPE_PREFIX + envelope.event_type)),
    )
    time = _time(envelope.created)
    if time is not None:
        attributes += (("ce_time", time),)
    if envelope.object_id is not None:
        attributes += (("ce_subject", _text(envelope.object_id)),)
    if traceparent is not None:
        attributes += ((TRACEPARENT, traceparent.encode("ascii")),)
    return attributes


_SOURCES: Final = {True: f"{SOURCE}/live".encode(), False: f"{SOURCE}/test".encode(), None: SOURCE.encode()}


# Webhooks that come together were made together.
@lru_cache(maxsize=1_024)
def _time(created: float | None) -> bytes | None:
    if created is None:
        return None
    try:
        return datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z").encode("ascii")
    except (ValueError, OverflowError, OSError):
        return None


def _text(value: str) -> bytes:
    """UTF-8 that no reader can break on: what CloudEvents forbids is percent-encoded, what is endless is hashed."""
    if not value.isascii() or not value.isprintable():
        value = _FORBIDDEN.sub(_percent_encoded, value)
    encoded = value.encode("utf-8")
    if len(encoded) <= LONGEST_VALUE:
        return encoded
    return b"sha256:" + hashlib.sha256(encoded).hexdigest().encode("ascii")


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))
