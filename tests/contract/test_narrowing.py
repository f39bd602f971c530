"""A lane whose database refuses what the rules accept: one account waits, in order, and nobody else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.consumer.lanes import SECONDS, Workshop, header
from tests.contract.batches import PARTITION
from tests.contract.conftest import Books
from tests.journeys.webhooks import offer_event
from worker.consumer.brake import Braked, Limits
from worker.consumer.lane import Lane
from worker.ports import Batch, DataRefused, Entry, Record
from worker.simulator.events import Event

MOST = 1_000_000
ILL = "acct_ill"
KEY = (True, ILL)
REASON = "table offer, constraint most"


def created(number: int, account: str, amount: int = 100) -> bytes:
    """An offer's first event; the offer is the account's own, or named after an amount that is too much."""
    terms = {"advance_amount": amount, "fee_amount": 10, "currency": "usd", "withhold_rate": 0.1}
    identity = f"financingoffer_{account}" if amount < MOST else f"financingoffer_{amount}"
    return offer_event(f"evt_{number}", account=account, id=identity, offered_terms=terms)


def told(workshop: Workshop, account: str) -> list[str]:
    """What one account was told, in order, without its mode."""
    notified = [record for record in workshop.told() if header(record, "ce_partitionkey") == account]
    assert [int(header(record, "ce_sequence")) for record in notified] == list(range(1, len(notified) + 1))
    return [header(record, "ce_id").partition(":")[2] for record in notified]


async def worked(workshop: Workshop, books: Books, events: Sequence[Event | bytes], size: int = 500) -> None:
    """These events through a lane of its own."""
    await workshop.write(events)
    async with workshop.running(lane(workshop, books, size)):
        await workshop.worked_off()


def lane(workshop: Workshop, books: Books, size: int = 500, limits: Limits | None = None) -> Lane:
    return workshop.lane(batch_size=size, ledger=books.ledger, outbox=books.outbox, limits=limits)


async def ended_by(error: type[Exception], ending: Lane) -> None:
    with pytest.RaisesGroup(error):
        async with asyncio.timeout(SECONDS):
            await ending.run()


async def owed(books: Books) -> Sequence[Entry]:
    """The whole outbox, its numbers dense from 1."""
    entries = sorted(await books.outbox.owed(PARTITION, 0, 10_000, 10_000), key=lambda entry: entry.number)
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    return entries


def letters(workshop: Workshop) -> list[Record]:
    return workshop.broker.records("dead_letters")


def amid_others(*bodies: bytes) -> list[bytes]:
    """These records with those of twenty healthy accounts before, between and behind them."""
    healthy = [created(number, f"acct_{number}") for number in range(100, 120)]
    mixed = list(healthy)
    for place, body in enumerate(bodies):
        mixed.insert(3 + 2 * place, body)
    return mixed


@pytest.mark.parametrize("size", [500, 4, 1])
async def test_a_record_that_the_database_refuses_parks_its_account_in_order_and_nobody_else_waits(
    books: Books, size: int
) -> None:
    await books.refuse(MOST)
    workshop = Workshop()
    await worked(workshop, books, amid_others(created(1, ILL), created(2, ILL, MOST), created(3, ILL, 200)), size)
    assert told(workshop, ILL) == [f"financingoffer_{ILL}:created", f"{ILL}:attention:quarantined:{ILL}"]
    for number in range(100, 120):
        assert told(workshop, f"acct_{number}") == [f"financingoffer_acct_{number}:created"]
    (parked,) = (await books.ledger.parked([KEY])).values()
    assert [(record.id, REASON in (record.reason or "")) for record in parked] == [("evt_2", True), ("evt_3", False)]
    (letter,) = letters(workshop)
    assert header(letter, "capital_offset") == str(parked[0].record.offset)
    assert REASON in header(letter, "capital_reason")
    assert len(await owed(books)) == len(workshop.told()) + 1
    position = await books.ledger.claim(PARTITION, "next", 0)
    assert position.next_offset == workshop.broker.markers[PARTITION] == 23
    assert position.next_number == len(await owed(books)) + 1


async def test_several_refused_records_of_a_batch_are_each_found(books: Books) -> None:
    await books.refuse(MOST)
    workshop = Workshop()
    await worked(workshop, books, amid_others(*(created(n, f"{ILL}_{n}", MOST) for n in range(5))))
    parked = await books.ledger.parked([(True, f"{ILL}_{n}") for n in range(5)])
    assert [record.id for n in range(5) for record in parked[True, f"{ILL}_{n}"]] == [f"evt_{n}" for n in range(5)]
    assert len(letters(workshop)) == 5
    await owed(books)


async def test_after_the_fix_a_redrive_tells_what_waited_in_order(books: Books) -> None:
    await books.refuse(MOST)
    workshop = Workshop()
    await worked(workshop, books, amid_others(created(1, ILL, MOST), created(2, ILL)))
    await books.refuse(MOST * 2)
    await workshop.command(ILL)
    await worked(workshop, books, [created(3, ILL, MOST + 1)])
    assert told(workshop, ILL) == [
        f"{ILL}:attention:quarantined:{ILL}",
        f"financingoffer_{MOST}:created",
        f"financingoffer_{ILL}:created",
        f"financingoffer_{MOST + 1}:created",
    ]
    assert await books.ledger.parked([KEY]) == {}


@pytest.mark.parametrize("bad", [0, 3, 5])
async def test_a_redrive_applies_what_comes_before_the_first_record_that_is_refused(books: Books, bad: int) -> None:
    await books.refuse(MOST)
    workshop = Workshop()
    amounts = [MOST + place for place in range(6)]
    amounts[bad] = MOST * 3
    await worked(workshop, books, [created(place, ILL, amount) for place, amount in enumerate(amounts)])
    await books.refuse(MOST * 2)
    await workshop.command(ILL)
    await worked(workshop, books, [created(7, "acct_other")])
    applied = [f"financingoffer_{amount}:created" for amount in amounts[:bad]]
    assert told(workshop, ILL) == [f"{ILL}:attention:quarantined:{ILL}", *applied]
    (parked,) = (await books.ledger.parked([KEY])).values()
    assert [record.id for record in parked] == [f"evt_{place}" for place in range(bad, 6)]
    assert REASON in (parked[0].reason or "")
    assert told(workshop, "acct_other") == ["financingoffer_acct_other:created"]
    await owed(books)


async def test_a_discard_of_the_refused_record_lets_the_rest_flow(books: Books) -> None:
    await books.refuse(MOST)
    workshop = Workshop()
    await worked(workshop, books, [created(1, ILL, MOST), created(2, ILL)])
    await workshop.command(ILL, discarded=0)
    await worked(workshop, books, [created(3, ILL)])
    assert told(workshop, ILL) == [f"{ILL}:attention:quarantined:{ILL}", f"financingoffer_{ILL}:created"]
    assert await books.ledger.parked([KEY]) == {}


async def test_a_discard_behind_which_another_record_is_refused_stops_there(books: Books) -> None:
    await books.refuse(MOST)
    workshop = Workshop()
    await worked(workshop, books, [created(1, ILL, MOST), created(2, ILL, MOST + 1), created(3, ILL)])
    await workshop.command(ILL, discarded=0)
    await worked(workshop, books, [created(4, ILL)])
    (parked,) = (await books.ledger.parked([KEY])).values()
    assert [record.id for record in parked] == ["evt_2", "evt_3", "evt_4"]
    assert REASON in (parked[0].reason or "")


async def test_a_database_that_refuses_nearly_everything_brakes_the_lane(books: Books) -> None:
    await books.refuse(0)
    workshop = Workshop()
    await workshop.write([created(number, f"acct_{number}") for number in range(10)])
    await ended_by(Braked, lane(workshop, books, limits=Limits(count=3, ratio=0.5, seconds=60)))
    assert (await books.ledger.claim(PARTITION, "next", 0)).next_offset == 2


async def test_a_refusal_that_no_record_is_to_blame_for_ends_the_lane(books: Books) -> None:
    workshop = Workshop()
    await worked(workshop, books, [created(1, ILL)])
    before = await books.ledger.claim(PARTITION, "next", 0)
    # Numbers are given twice: then every record is refused, and its quarantine, too.
    again = replace(before, next_number=1)
    await books.ledger.commit(Batch(before, again, [], [], [], [], [], []))
    await workshop.write([created(2, ILL, 200), offer_event("evt_3", "accepted", account=ILL, status="accepted")])
    await ended_by(DataRefused, lane(workshop, books))
    assert await books.ledger.parked([KEY]) == {}
    assert (await books.ledger.claim(PARTITION, "last", 0)).next_offset == 1
