"""CloudEvents 1.0 in Kafka's binary mode: the headers of a notification, all of them derived from its entry."""

from datetime import UTC, datetime

from schemas.notifications import schema_id
from worker.ports import Entry, Headers


def headers_of(entry: Entry) -> Headers:
    """The headers an entry is published with; those of a record that is passed on are its own."""
    if entry.headers is not None:
        return entry.headers
    headers = {
        "ce_specversion": "1.0",
        "ce_id": entry.id,
        "ce_source": f"/capital-worker/{'live' if entry.livemode else 'test'}",
        "ce_type": entry.type,
        "ce_time": time_of(entry.time),
        "ce_subject": entry.subject or entry.account,
        "ce_partitionkey": entry.account,
        "ce_livemode": "true" if entry.livemode else "false",
        "ce_sequence": f"{entry.sequence:010d}",
        "ce_causationid": entry.causation_id,
        "ce_dataschema": schema_id(entry.type),
        "content-type": "application/json",
    }
    return tuple((name, value.encode()) for name, value in headers.items())


def time_of(milliseconds: int) -> str:
    """Milliseconds since the epoch as RFC 3339 UTC."""
    seconds, rest = divmod(milliseconds, 1000)
    # Not milliseconds / 1000: a float of a late time is short of the last digit.
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
