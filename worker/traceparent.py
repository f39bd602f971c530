"""The trace a record belongs to, as W3C's `traceparent`: what it brought, else derived from its id; never by chance."""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

# On an HTTP request, and on a Kafka record, where instrumented clients look for it.
HEADER: Final = "traceparent"

# Version 00, and neither id all zeros. Of a later version nobody knows yet what it would mean.
_VALID: Final = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def brought(headers: Sequence[tuple[str, bytes]]) -> str | None:
    """The valid `traceparent` among a record's headers; None where there is none, an invalid one, or several."""
    return only_valid([value for name, value in headers if name == HEADER])


def trace_of(headers: Sequence[tuple[str, bytes]]) -> str:
    """The trace of a record by its headers alone."""
    return brought(headers) or derived(dict(headers).get("ce_id", b"").decode("utf-8", "replace"))


def only_valid(values: Sequence[bytes]) -> str | None:
    """The one value that is given, if it is valid."""
    if len(values) != 1 or _VALID.fullmatch(values[0]) is None:
        return None
    return values[0].decode("ascii")


# What one record releases is published together.
@lru_cache(maxsize=64)
def derived(record_id: str) -> str:
    """The trace of a record that brought none: its trace id is the MD5 of its `ce_id`, so that anybody can compute it.

    It is marked as sampled: these are few events, and each of them matters.
    """
    name = hashlib.md5(record_id.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return f"00-{name}-{name[:16]}-01"


def trace_id(traceparent: str) -> str:
    """The 32 digits that all spans of a trace share."""
    return traceparent[3:35]
