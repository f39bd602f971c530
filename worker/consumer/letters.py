"""Letters: records that go to another place than an account's state, as outbox entries with their origin."""

from dataclasses import replace
from typing import Final

from worker.consumer.decode import NO_VALUE, Attributed
from worker.ports import Destination, Entry, Headers, Record

FORWARDED: Final = "capital_forwarded_from"
# What a dead letter adds to the headers of its record, in this order.
ADDED: Final = ("capital_reason", "capital_topic", "capital_partition", "capital_offset", "capital_timestamp")
# The events topic takes records of 1 MiB, and one that is passed on is longer by a header. Stripe's have a few KiB.
LARGEST_FORWARDED: Final = 1_000_000


def dead_letter(record: Record, attributed: Attributed | None, reason: str, number: int, topic: str) -> Entry:
    """A copy of a record for the dead-letter topic: the same bytes, with why and where from in its headers."""
    livemode, account = attributed.key if attributed else (False, "")
    origin = f"{topic}:{record.partition}:{record.offset}"
    identity = attributed.id if attributed else _header(record, "ce_id") or origin
    added = (reason, topic, record.partition, record.offset, record.timestamp)
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
        headers=(*record.headers, *((name, str(value).encode()) for name, value in zip(ADDED, added, strict=True))),
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


def enclosed(letter: Record, destination: Destination) -> Record:
    """The record that a letter for another topic was made from: without the headers that the letter added."""
    if destination == "events":
        return replace(letter, headers=letter.headers[:-1])
    value = None if dict(letter.headers).get("capital_reason") == NO_VALUE.encode() else letter.value
    return replace(letter, value=value, headers=letter.headers[: -len(ADDED)])


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
