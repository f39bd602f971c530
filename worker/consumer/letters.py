"""Letters: records that go to another place than an account's state, as outbox entries with their origin."""

from typing import Final

from worker.consumer.decode import Attributed
from worker.ports import Entry, Headers, Record

FORWARDED: Final = "capital_forwarded_from"
# The events topic takes records of 1 MiB, and one that is passed on is longer by a header. Stripe's have a few KiB.
LARGEST_FORWARDED: Final = 1_000_000


def dead_letter(record: Record, attributed: Attributed | None, reason: str, number: int, topic: str) -> Entry:
    """A copy of a record for the dead-letter topic: the same bytes, with why and where from in its headers."""
    livemode, account = attributed.key if attributed else (False, "")
    origin = f"{topic}:{record.partition}:{record.offset}"
    identity = attributed.id if attributed else _header(record, "ce_id") or origin
    return Entry(
        destination="dead_letters",
        number=number,
        record_offset=record.offset,
        livemode=livemode,
        account=account,
        sequence=None,
        id=identity,
        type="dead_letter",
        subject=None,
        time=record.timestamp,
        causation_id=identity,
        key=record.key or b"",
        value=record.value or b"",
        headers=(
            *record.headers,
            ("capital_reason", reason.encode()),
            ("capital_topic", topic.encode()),
            ("capital_partition", str(record.partition).encode()),
            ("capital_offset", str(record.offset).encode()),
            ("capital_timestamp", str(record.timestamp).encode()),
        ),
    )


def forward(attributed: Attributed, number: int) -> Entry:
    """The same record again, for the partition that its account's key leads to."""
    record = attributed.record
    livemode, account = attributed.key
    origin = f"{record.partition}:{record.offset}".encode()
    return Entry(
        destination="events",
        number=number,
        record_offset=record.offset,
        livemode=livemode,
        account=account,
        sequence=None,
        id=attributed.id,
        type="forwarded",
        subject=None,
        time=record.timestamp,
        causation_id=attributed.id,
        key=account.encode(),
        value=record.value or b"",
        headers=(*record.headers, (FORWARDED, origin)),
    )


def too_large_to_forward(record: Record) -> bool:
    """Whether the events topic might refuse the record with one header more; a lane must never try that for ever."""
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers > LARGEST_FORWARDED


def was_forwarded(record: Record) -> bool:
    """Whether a lane already passed this record on."""
    return any(name == FORWARDED for name, _ in record.headers)


def _header(record: Record, name: str) -> str | None:
    """A header's text; nothing where it is missing, unreadable, or no database could hold it."""
    values: Headers = tuple((key, value) for key, value in record.headers if key == name)
    text = values[0][1].decode("utf-8", "replace").replace("\x00", "") if values else ""
    return text[:255] or None
