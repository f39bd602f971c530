"""Outbox entries for tests, with a default for everything."""

from dataclasses import replace

from worker.ports import Entry

NOTIFICATION = Entry(
    destination="notifications",
    number=1,
    record_offset=0,
    livemode=True,
    account="acct_1",
    sequence=1,
    id="live:financingoffer_1:created",
    type="capital.offer.created.v1",
    subject="financingoffer_1",
    time=1_735_578_000_123,
    causation_id="evt_1",
    key=b"acct_1",
    value=b'{"some": "data"}',
)


def entry(number: int = 1, record_offset: int = 0, **changes: object) -> Entry:
    """The entry of that number, owed by the record at that offset."""
    numbered = replace(NOTIFICATION, number=number, record_offset=record_offset, sequence=number, id=f"live:{number}:x")
    return replace(numbered, **changes)  # type: ignore[arg-type] # a builder takes any field


def dead_letter(number: int = 1, record_offset: int = 0) -> Entry:
    """A record passed on as it was, with headers of its own."""
    headers = (("ce_id", b"evt_1"), ("twice", b"\x00\xff"), ("twice", b""))
    return entry(number, record_offset, destination="dead_letters", sequence=None, subject=None, headers=headers)
