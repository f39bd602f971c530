from dataclasses import replace

import pytest

from tests.contract.batches import committed, decided, everything, record, records
from tests.contract.conftest import Books
from tests.journeys.webhooks import offer_event
from worker.lookup.observations import failed
from worker.ports import Batch, Fenced, Position, Question, Unavailable, Wanted
from worker.rules.lookups import lookups
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.world import World

KEY = (True, "acct_1")
CREATED = offer_event("evt_1")
BATCH_SIZE = 40


async def test_a_new_partition_starts_at_the_topic_s_beginning_with_the_first_epoch_and_number(books: Books) -> None:
    assert await books.ledger.claim(3, "one", 17) == Position(3, 1, 17, 1)


async def test_a_claim_increments_the_epoch_and_finds_the_position_last_committed(books: Books) -> None:
    first = await books.ledger.claim(0, "one", 5)
    batch = await committed(books.ledger, first, records([CREATED], first=5))
    second = await books.ledger.claim(0, "two", 99)
    assert second == replace(batch.after, epoch=first.epoch + 1)
    assert (second.next_offset, second.next_number) == (6, 1 + len(batch.entries))


async def test_partitions_are_claimed_independently(books: Books) -> None:
    one, two = await books.ledger.claim(0, "one", 0), await books.ledger.claim(1, "two", 0)
    await committed(books.ledger, one, records([CREATED]))
    assert (await books.ledger.claim(1, "two", 0)).epoch == two.epoch + 1


async def changed_nothing(books: Books, batch: Batch) -> bool:
    """Whether nothing of a batch can be found."""
    loaded = await books.ledger.load(
        Wanted(
            frozenset(after.key for _, after in batch.accounts),
            frozenset((key, event.transaction.id) for key, event in batch.transactions),
            frozenset((event.key, event.created, event.id) for event in batch.events),
        )
    )
    parked = await books.ledger.parked({after.key for _, after in batch.accounts})
    owed = await books.outbox.owed(batch.before.partition, 0, 1_000, 1_000)
    return not any([loaded.accounts, loaded.transactions, loaded.updates, parked, owed])


def everything_at_once() -> list[bytes]:
    """Events that between them write to every table."""
    world = World(seed=11, accounts=22)
    bodies = [event.body for event in world.events() if event.type.startswith("capital.")]
    return [*bodies, offer_event("evt_bad", account="acct_bad", envelope={"created": "yesterday"})]


async def test_a_fenced_commit_changes_nothing(books: Books) -> None:
    earlier = await books.ledger.claim(0, "one", 0)
    batch = await decided(books.ledger, earlier, records(everything_at_once()))
    later = await books.ledger.claim(0, "two", 0)
    with pytest.raises(Fenced):
        await books.ledger.commit(batch)
    assert await changed_nothing(books, batch)
    await books.ledger.commit(replace(batch, before=later, after=replace(batch.after, epoch=later.epoch)))
    assert not await changed_nothing(books, batch)


async def test_a_commit_from_another_offset_than_the_cursor_s_is_fenced(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    batch = await committed(books.ledger, position, records([CREATED]))
    with pytest.raises(Fenced):
        await books.ledger.commit(batch)
    assert (await books.ledger.claim(0, "one", 0)).next_offset == batch.after.next_offset


async def test_a_commit_of_a_partition_that_nobody_claimed_is_fenced(books: Books) -> None:
    batch = await decided(books.ledger, Position(0, 1, 0, 1), records([CREATED]))
    with pytest.raises(Fenced):
        await books.ledger.commit(batch)


async def test_a_commit_that_fails_halfway_changes_nothing(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    batch = await decided(books.ledger, position, records(everything_at_once()))
    first = await committed(books.ledger, position, records([CREATED]))
    # The outbox is written last, and refuses a number that was given before.
    twice = replace(batch, before=first.after, entries=[*batch.entries, *first.entries])
    with pytest.raises(Unavailable):
        await books.ledger.commit(twice)
    owed = await books.outbox.owed(0, 0, 1_000, 1_000)
    assert owed == first.entries
    others = [after.key for _, after in batch.accounts if after.key != KEY]
    assert (await books.ledger.load(everything(others))).accounts == {}
    assert (await books.ledger.claim(0, "one", 0)).next_offset == first.after.next_offset


async def test_what_is_not_there_is_not_loaded(books: Books) -> None:
    loaded = await books.ledger.load(
        Wanted(frozenset({KEY}), frozenset({(KEY, "cptxn_1")}), frozenset({(KEY, 1, "evt_1")}))
    )
    assert (loaded.accounts, loaded.transactions, loaded.updates) == ({}, {}, {})
    assert await books.ledger.parked({KEY}) == {}


async def test_an_account_is_loaded_in_its_own_mode_only(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    await committed(books.ledger, position, records([CREATED]))
    loaded = await books.ledger.load(everything([KEY, (False, "acct_1"), (True, "acct_2")]))
    assert loaded.accounts.keys() == {KEY}


async def test_an_account_of_which_only_unknown_events_came_is_kept(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    batch = await committed(books.ledger, position, records([offer_event("evt_1", "teleported")]))
    assert (await books.ledger.load(everything([KEY]))).accounts == {KEY: batch.accounts[0][1]}


@pytest.mark.parametrize("seed", [1, 2])
async def test_load_gives_back_every_state_that_was_committed(books: Books, seed: int) -> None:
    world = World(seed=seed, accounts=60)
    wild = Disorder(window=None, repeats=0.2, twins=0.2)
    bodies = [event.body for event in disordered(world.events(), seed=seed, disorder=wild)]
    position = await books.ledger.claim(0, "one", 0)
    for first in range(0, len(bodies), BATCH_SIZE):
        batch = await committed(books.ledger, position, records(bodies[first : first + BATCH_SIZE], first))
        position = batch.after
        states = {after.key: replace(after, transactions={}, updates=frozenset()) for _, after in batch.accounts}
        assert (await books.ledger.load(everything(states))).accounts == states
        transactions = {(key, event.transaction.id): event for key, event in batch.transactions}
        loaded = await books.ledger.load(Wanted(frozenset(), frozenset(transactions)))
        found = {(key, name): event for key, events in loaded.transactions.items() for name, event in events.items()}
        assert found == transactions


async def test_a_state_with_conflicts_and_attention_is_given_back(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    terms = {"advance_amount": 100, "fee_amount": 10, "currency": "usd", "withhold_rate": 0.1}
    batch = await committed(
        books.ledger,
        position,
        records(
            [
                offer_event("evt_1", offered_terms=terms),
                offer_event("evt_2", offered_terms=terms | {"advance_amount": 2**53 + 1}),
                offer_event("evt_3", "accepted", status="accepted", accepted_terms=terms),
                offer_event("evt_4", "paid_out", id="financingoffer_2"),
            ]
        ),
    )
    state = batch.accounts[0][1]
    assert state.attention
    assert any(offer.holds for offer in state.offers.values())
    assert (await books.ledger.load(everything([KEY]))).accounts == {KEY: state}


async def test_an_offer_that_once_passed_for_a_refill_is_given_back(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    created = await committed(books.ledger, position, records([offer_event("evt_1", product_type="refill")]))
    (((kind, subject), due),) = lookups(created.accounts[0][1]).items()
    question = Question(*KEY, kind, subject, due, attempts=1)
    answer = failed(question, 0, "no key")
    changed = offer_event("evt_2", "accepted", product_type="standard", status="accepted")
    taken = [record(answer.value, 1, answer.headers), record(changed, 2)]
    batch = await committed(books.ledger, created.after, taken)
    state = batch.accounts[0][1]
    assert state.offers["financingoffer_acct_1"].surveyed
    assert (await books.ledger.load(everything([KEY]))).accounts == {KEY: state}


async def test_a_line_of_credit_event_is_known_by_its_creation_and_id(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    world = World(seed=3, accounts=22)
    event = next(event for event in world.events() if event.type.endswith("line_of_credit_update"))
    key = (event.livemode, event.account)
    await committed(books.ledger, position, records([event]))
    wants = Wanted(frozenset(), updates=frozenset({(key, event.created, event.id), (key, event.created + 1, "evt_x")}))
    assert (await books.ledger.load(wants)).updates == {key: frozenset({event.id})}


async def test_parked_records_are_given_back_in_order_with_every_byte(books: Books) -> None:
    position = await books.ledger.claim(0, "one", 0)
    headers = (("ce_id", b"evt_1"), ("twice", b"\x00\xff"), ("twice", b""))
    bad = record(offer_event("evt_1", envelope={"created": "yesterday"}), 0, headers, key=None)
    behind = [record(offer_event(f"evt_{offset}"), offset, headers) for offset in (1, 2)]
    batch = await committed(books.ledger, position, [bad, *behind])
    found = await books.ledger.parked({KEY, (False, "acct_1")})
    assert found == {KEY: batch.parked}
    assert [parked.record for parked in found[KEY]] == [bad, *behind]
    assert (await books.ledger.load(everything([KEY]))).accounts[KEY].quarantined


async def test_a_parked_record_that_was_let_go_is_gone_and_one_that_failed_again_has_its_new_reason(
    books: Books,
) -> None:
    position = await books.ledger.claim(0, "one", 0)
    bad = [record(offer_event(f"evt_{offset}", envelope={"created": "yesterday"}), offset) for offset in (0, 1)]
    batch = await committed(books.ledger, position, bad)
    first, second = batch.parked
    again = replace(
        batch,
        before=batch.after,
        after=replace(batch.after, next_offset=9),
        parked=[replace(second, reason="still bad")],
        unparked=[first],
        entries=[],
        events=[],
        accounts=[],
    )
    await books.ledger.commit(again)
    assert await books.ledger.parked({KEY}) == {KEY: [replace(second, reason="still bad")]}
