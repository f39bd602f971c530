"""Headers of a Kafka record as JSON text, every byte kept, and the one of ours that a record is decided by."""

import json
from typing import Final

from worker.ports import Headers
from worker.traceparent import HEADER as TRACEPARENT

# On a record that is to be taken in silence: what it makes known is not told. The ingress never writes it.
QUIET: Final = ("capital_quiet", b"true")


def is_quiet(headers: Headers) -> bool:
    """Whether a record is to be taken in silence."""
    return QUIET in headers


def kept_headers(record_type: str, *, ours: bool, quiet: bool, traceparent: str | None = None) -> Headers:
    """Of a record's headers, what the event log keeps: its type, which says if it is the system's; silence; trace."""
    name = record_type if ours else f"com.stripe.{record_type}"
    trace = () if traceparent is None else ((TRACEPARENT, traceparent.encode()),)
    return (("ce_type", name.encode()), *((QUIET,) if quiet else ()), *trace)


def encode_headers(headers: Headers) -> str:
    """Headers as JSON; their bytes as Latin-1, which gives every byte back."""
    return json.dumps([[name, value.decode("latin-1")] for name, value in headers])


def decode_headers(text: str) -> Headers:
    """What `encode_headers` wrote."""
    return tuple((name, value.encode("latin-1")) for name, value in json.loads(text))
