"""CloudEvents 1.0 in Kafka's binary mode: the headers of a notification, all of them derived from its entry."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from schemas.notifications import schema_id
from worker.ports import Entry, Headers
from worker.traceparent import HEADER, derived

_SPECVERSION: Final = ("ce_specversion", b"1.0")
_CONTENT_TYPE: Final = ("content-type", b"application/json")
# By livemode.
_SOURCES: Final = (("ce_source", b"/capital-worker/test"), ("ce_source", b"/capital-worker/live"))
_LIVEMODES: Final = (("ce_livemode", b"false"), ("ce_livemode", b"true"))


def headers_of(entry: Entry) -> Headers:
    """The headers an entry is published with; those of a record that is passed on are its own."""
    if entry.headers is not None:
        return entry.headers
    account = entry.account.encode()
    described, schema = _of_type(entry.type)
    return (
        _SPECVERSION,
        ("ce_id", entry.id.encode()),
        _SOURCES[entry.livemode],
        described,
        ("ce_time", time_of(entry.time).encode()),
        ("ce_subject", entry.subject.encode() if entry.subject else account),
        ("ce_partitionkey", account),
        _LIVEMODES[entry.livemode],
        ("ce_sequence", b"%010d" % (entry.sequence or 0)),
        ("ce_causationid", entry.causation_id.encode()),
        schema,
        _CONTENT_TYPE,
        (HEADER, (entry.traceparent or derived(entry.causation_id)).encode()),
    )


@lru_cache(maxsize=64)
def _of_type(name: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """The two headers that say the type."""
    return ("ce_type", name.encode()), ("ce_dataschema", schema_id(name).encode())


def time_of(milliseconds: int) -> str:
    """Milliseconds since the epoch as RFC 3339 UTC."""
    seconds, rest = divmod(milliseconds, 1000)
    # Not milliseconds / 1000: a float of a late time is short of the last digit.
    return f"{_second(seconds)}.{rest:03}Z"


# Records that come together bear the same seconds.
@lru_cache(maxsize=1_024)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
