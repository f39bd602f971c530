import pytest

from tests.contract.batches import committed, decided, everything, records
from tests.contract.conftest import Books
from tests.journeys.webhooks import offer_event
from worker.ports import DataRefused

MOST = 1_000_000
TERMS = {"advance_amount": MOST, "fee_amount": 10, "currency": "usd", "withhold_rate": 0.1}
TOO_MUCH = offer_event("evt_1", offered_terms=TERMS)
OTHER = offer_event("evt_2", account="acct_2")


async def test_a_batch_with_something_that_a_constraint_forbids_is_refused_and_changes_nothing(books: Books) -> None:
    await books.refuse(MOST)
    position = await books.ledger.claim(0, "one", 0)
    batch = await decided(books.ledger, position, records([OTHER, TOO_MUCH]))
    with pytest.raises(DataRefused, match="table offer, constraint most") as refused:
        await books.ledger.commit(batch)
    assert str(MOST) not in str(refused.value)
    assert (await books.ledger.load(everything(after.key for _, after in batch.accounts))).accounts == {}
    assert (await books.ledger.claim(0, "one", 0)).next_offset == 0


async def test_a_refusal_is_foretold_and_nothing_is_changed_by_asking(books: Books) -> None:
    await books.refuse(MOST)
    position = await books.ledger.claim(0, "one", 0)
    refused = await decided(books.ledger, position, records([TOO_MUCH]))
    taken = await decided(books.ledger, position, records([OTHER]))
    assert "table offer, constraint most" in str(await books.ledger.refusal(refused))
    assert await books.ledger.refusal(taken) is None
    assert (await books.ledger.load(everything([(True, "acct_2")]))).accounts == {}
    assert not await books.outbox.owed(0, 0, 1_000, 10)
    await books.ledger.commit(taken)


async def test_what_is_asked_need_not_be_at_the_lane_s_position(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    batch = await committed(books.ledger, position, records([OTHER]))
    await books.ledger.claim(0, "two", 0)
    later = await decided(books.ledger, batch.after, records([TOO_MUCH], first=7))
    assert await books.ledger.refusal(later) is None
