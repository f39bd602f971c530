from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.contract.batches import HOME, PARTITION, committed, record, records
from tests.contract.fakes import Ledger, Tables
from tests.journeys.webhooks import offer_event
from worker.consumer.commands import DISCARD, REDRIVE
from worker.consumer.history import History, histories_of
from worker.ports import AccountKey, Record
from worker.rules.state import AccountState
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.kinds import ALL
from worker.simulator.world import World

KEY = (True, "acct_1")
BAD = {"created": "yesterday"}
BATCH_SIZE = 40


async def tables_of(taken: list[Record]) -> tuple[Tables, Ledger]:
    """Tables after a lane took these records."""
    tables = Tables()
    ledger = Ledger(tables)
    position = await ledger.claim(PARTITION, "one", 0)
    for first in range(0, len(taken), BATCH_SIZE):
        position = (await committed(ledger, position, taken[first : first + BATCH_SIZE])).after
    return tables, ledger


async def from_the_log(ledger: Ledger, keys: Iterable[AccountKey], before: int) -> dict[AccountKey, History]:
    return dict(await histories_of(ledger.history(keys, PARTITION, before), PARTITION, HOME))


def command(kind: str, offset: int, discarded: int | None = None) -> Record:
    value = offer_event(
        f"cmd_{offset}", envelope={"type": kind, "account": "acct_1", "data": {"object": {"record_offset": discarded}}}
    )
    return record(value, offset, (("ce_type", kind.encode()),))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_event_log_gives_every_account_the_state_that_the_topic_gave_it(seed: int) -> None:
    events = disordered(World(seed=seed, accounts=50, kinds=ALL).events(), seed=seed, disorder=Disorder(window=None))
    taken = records(events)
    tables, ledger = await tables_of(taken)
    histories = await from_the_log(ledger, tables.accounts, len(taken))
    assert {key: history.state for key, history in histories.items()} == tables.accounts
    transactions = {
        (key, name): one for key, history in histories.items() for name, one in history.transactions.items()
    }
    assert transactions == tables.transactions


async def test_a_history_ends_where_it_is_asked_to() -> None:
    taken = records([offer_event("evt_1"), offer_event("evt_2", "accepted", status="accepted")])
    _, ledger = await tables_of(taken)
    first, _ = await tables_of(taken[:1])
    assert (await from_the_log(ledger, [KEY], 1))[KEY].state == first.accounts[KEY]
    assert await from_the_log(ledger, [KEY], 0) == {}


async def test_what_is_parked_is_parked_again_in_its_order() -> None:
    taken = records([offer_event("evt_0"), offer_event("evt_1", envelope=BAD), offer_event("evt_2", "accepted")])
    tables, ledger = await tables_of(taken)
    history = (await from_the_log(ledger, [KEY], 9))[KEY]
    assert history.state == tables.accounts[KEY]
    assert history.state.quarantined
    assert [parked.record.offset for parked in history.parked] == [1, 2]


async def test_a_record_that_was_discarded_is_found_among_the_dead_letters_and_discarded_again() -> None:
    taken = [
        *records([offer_event("evt_0"), offer_event("evt_1", envelope=BAD), offer_event("evt_2", "accepted")]),
        command(DISCARD, 3, discarded=1),
        *records([offer_event("evt_4", "paid_out", status="paid_out")], first=4),
    ]
    tables, ledger = await tables_of(taken)
    history = (await from_the_log(ledger, [KEY], 9))[KEY]
    assert not history.state.quarantined
    assert history.state == tables.accounts[KEY]


async def test_records_that_were_redriven_are_decided_where_they_came() -> None:
    """The rules that could not apply one of them are gone: it never waits, and what followed it follows at once."""
    taken = [*records([offer_event("evt_0"), offer_event("evt_1", "accepted")]), command(REDRIVE, 2)]
    _, ledger = await tables_of(taken)
    history = History(KEY, PARTITION, HOME)
    async for _, one in ledger.history([KEY], PARTITION, 9):
        history.take(one)
    again = History(KEY, PARTITION, HOME)
    for one in taken:
        again.take(one)
    assert history.state == again.state


async def test_a_line_of_credit_is_told_once_however_long_ago_its_event_came() -> None:
    event = next(one for one in World(seed=3, accounts=22).events() if one.type.endswith("line_of_credit_update"))
    history = History((event.livemode, event.account), PARTITION, HOME)
    for offset in (0, 1):
        history.take(record(event.body, offset))
        assert history.state.sequence == 1


async def test_a_history_takes_records_wherever_they_lie() -> None:
    """The lane took them there, whatever the partitions are now."""
    away = replace(HOME, home=lambda _account: PARTITION + 1)
    history = History(KEY, PARTITION, away)
    history.take(record(offer_event("evt_1"), 0))
    assert history.state.sequence == 1


def test_an_account_without_records_has_an_empty_history() -> None:
    assert History(KEY, PARTITION, HOME).state == AccountState("acct_1", livemode=True)
