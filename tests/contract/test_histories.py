import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.contract.batches import PARTITION, committed, record, records
from tests.contract.conftest import Books
from tests.journeys.webhooks import offer_event
from worker.consumer.commands import DISCARD
from worker.headers import QUIET
from worker.lookup.observations import observation
from worker.ports import AccountKey, Headers, Question, Record, Wanted
from worker.rules.state import AccountState
from worker.simulator.world import World
from worker.store import histories

KEY = (True, "acct_1")
BAD = {"created": "yesterday"}
EVERYTHING = 2**40


async def history(
    books: Books, keys: Iterable[AccountKey], partition: int = PARTITION, before: int = EVERYTHING
) -> list[tuple[AccountKey, Record]]:
    return [past async for past in books.ledger.history(keys, partition, before)]


def bare(taken: Record, headers: Headers = (), kind: str = "") -> Record:
    """As the event log gives a record back: with the header of its type, and those named."""
    name = kind or f"com.stripe.{json.loads(taken.value or b'')['type']}"
    return Record(
        taken.partition, taken.offset, taken.timestamp, None, taken.value, (("ce_type", name.encode()), *headers)
    )


async def test_the_records_of_accounts_come_account_by_account_in_order_with_their_bytes(books: Books) -> None:
    position = await books.ledger.claim(PARTITION, "one", 0)
    taken = records([offer_event("evt_1"), offer_event("evt_2", account="acct_2"), offer_event("evt_3", "accepted")])
    await committed(books.ledger, position, taken)
    first, second, third = (bare(one) for one in taken)
    found = await history(books, [(True, "acct_2"), KEY, (False, "acct_1")])
    assert found == [(KEY, first), (KEY, third), ((True, "acct_2"), second)]
    assert await history(books, [KEY], before=2) == [(KEY, first)]
    assert await history(books, [KEY], partition=PARTITION + 1) == []


async def test_a_repeat_is_no_record_of_its_own(books: Books) -> None:
    position = await books.ledger.claim(PARTITION, "one", 0)
    taken = records([offer_event("evt_1"), offer_event("evt_1")])
    await committed(books.ledger, position, taken)
    assert await history(books, [KEY]) == [(KEY, bare(taken[0]))]


async def test_an_answer_is_still_known_as_the_systems_own(books: Books) -> None:
    answer = observation(Question(*KEY, "summary", "", 5, 1), "summary", 7, {"shown": None})
    forged = offer_event("evt_1", envelope={"type": "capital.observation.summary"})
    taken = [record(answer.value, 0, answer.headers), record(forged, 1, (("ce_type", b"com.stripe.capital"),))]
    await committed(books.ledger, await books.ledger.claim(PARTITION, "one", 0), taken)
    ours = "capital.observation.summary"
    assert await history(books, [KEY]) == [(KEY, bare(taken[0], kind=ours)), (KEY, bare(taken[1]))]


async def test_a_quiet_record_is_still_quiet(books: Books) -> None:
    taken = [record(offer_event("evt_1"), 0, (("ce_id", b"evt_1"), QUIET))]
    await committed(books.ledger, await books.ledger.claim(PARTITION, "one", 0), taken)
    assert await history(books, [KEY]) == [(KEY, bare(taken[0], (QUIET,)))]


async def test_what_waits_and_what_was_discarded_are_part_of_the_history(books: Books) -> None:
    position = await books.ledger.claim(PARTITION, "one", 0)
    bad = records([offer_event("evt_0", envelope=BAD), offer_event("evt_1", envelope=BAD)])
    discard = offer_event(
        "cmd_1", envelope={"type": DISCARD, "account": "acct_1", "data": {"object": {"record_offset": 0}}}
    )
    command = record(discard, 2, (("ce_type", DISCARD.encode()),))
    await committed(books.ledger, position, [*bad, command])
    found = [(one.offset, one.value) for _, one in await history(books, [KEY])]
    assert found == [(one.offset, one.value) for one in (*bad, command)]


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_of_any_size_give_the_same(books: Books, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    position = await books.ledger.claim(PARTITION, "one", 0)
    bodies = [offer_event(f"evt_{number}", account=f"acct_{number % 3}") for number in range(9)]
    bodies.append(offer_event("evt_bad", account="acct_0", envelope=BAD))
    await committed(books.ledger, position, records(bodies))
    keys = [(True, f"acct_{number}") for number in range(4)]
    whole = await history(books, keys)
    monkeypatch.setattr(histories, "RECORDS_A_PAGE", size)
    monkeypatch.setattr(histories, "ACCOUNTS_A_PAGE", size)
    assert await history(books, keys) == whole
    assert len(whole) == len(bodies)


async def test_a_rebuilt_account_has_what_the_batch_says_and_nothing_of_what_it_had(books: Books) -> None:
    position = await books.ledger.claim(PARTITION, "one", 0)
    bodies = [event.body for event in World(seed=11, accounts=22).events() if event.type.startswith("capital.")]
    before = await committed(books.ledger, position, records(bodies))
    gone = max((after for _, after in before.accounts), key=lambda state: len(state.offers) + len(state.transactions))
    foretold = frozenset({"financingoffer_1:canceled"})
    new = AccountState(gone.account, gone.livemode, sequence=gone.sequence, foretold=foretold)
    rebuilt = replace(
        before,
        before=before.after,
        after=replace(before.after, next_offset=before.after.next_offset + 1),
        accounts=[(replace(new, sequence=0), new)],
        **dict.fromkeys(("transactions", "events", "parked", "unparked", "entries"), ()),
        rebuilt=[gone.key],
    )
    await books.ledger.commit(rebuilt)
    others = {after.key: replace(after, transactions={}, updates=frozenset()) for _, after in before.accounts}
    wants = Wanted(frozenset(others), frozenset((gone.key, name) for name in gone.transactions))
    loaded = await books.ledger.load(wants)
    assert loaded.accounts == others | {gone.key: new}
    assert gone.transactions
    assert loaded.transactions == {}
