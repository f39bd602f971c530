from dataclasses import replace

from tests.contract.conftest import Books
from tests.contract.entries import dead_letter, entry
from worker.ports import Batch, Entry, Position


async def owing(books: Books, *entries: Entry) -> Position:
    """Commit a batch that owes these."""
    before = await books.ledger.claim(0, "one", 0)
    after = replace(before, next_offset=1_000, next_number=1_000)
    await books.ledger.commit(Batch(before, after, [], [], [], [], [], entries))
    return after


async def test_a_partition_that_never_owed_anything_owes_nothing(books: Books) -> None:
    await owing(books)
    assert await books.outbox.owed(0, 0, 1_000, 10) == []


async def test_entries_are_given_back_as_they_were_owed_in_the_order_of_their_numbers(books: Books) -> None:
    entries = [
        entry(1, 4),
        dead_letter(2, 4),
        entry(3, 5, traceparent="00-a-b-01", livemode=False, subject=None, key=b"", value=b"\x00"),
    ]
    await owing(books, *reversed(entries))
    owed = await books.outbox.owed(0, 0, 1_000, 10)
    assert sorted(owed, key=lambda one: one.number) == entries


async def test_only_entries_of_records_from_the_marker_to_the_position_are_owed(books: Books) -> None:
    await owing(books, *(entry(number, number) for number in range(1, 6)))
    assert [one.number for one in await books.outbox.owed(0, 2, 5, 10)] == [2, 3, 4]


async def test_a_notification_leads_to_its_record_and_nothing_else_does(books: Books) -> None:
    await owing(books, entry(1, 4), dead_letter(2, 5))
    assert await books.outbox.offset_of(0, "live:1:x") == 4
    assert await books.outbox.offset_of(1, "live:1:x") is None
    assert await books.outbox.offset_of(0, "live:2:x") is None
    assert await books.outbox.offset_of(0, "live:3:x") is None


async def test_a_page_never_ends_within_a_record_s_entries(books: Books) -> None:
    offsets = [0, 0, 1, 1, 1, 1, 2, 7, 7]
    await owing(books, *(entry(number, offset) for number, offset in enumerate(offsets, 1)))
    for most in range(1, 12):
        marker = 0
        read: list[Entry] = []
        while page := await books.outbox.owed(0, marker, 1_000, most):
            assert page[-1].record_offset not in {one.record_offset for one in read}
            read += page
            # As the relay does: a page of at most `most` is the last one.
            marker = 1_000 if len(page) <= most else page[-1].record_offset + 1
        assert [one.number for one in read] == list(range(1, 10)), f"pages of {most}"
