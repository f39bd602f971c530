from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.contract.batches import PARTITION, committed, records
from tests.contract.fakes import Ledger, Tables
from worker.rules.state import AccountState
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.world import World
from worker.store.codec import decode_account, decode_offer, encode_account, encode_offer


@pytest.fixture(scope="module")
async def states() -> list[AccountState]:
    """What a wildly disordered world leaves, and what it came by: every state after every batch of ten."""
    ledger, seen = Ledger(Tables()), list[AccountState]()
    position = await ledger.claim(PARTITION, "one", 0)
    wild = Disorder(window=None, repeats=0.1, twins=0.2)
    events = disordered(World(seed=14, accounts=50).events(), seed=14, disorder=wild)
    for first in range(0, len(events), 10):
        batch = await committed(ledger, position, records(events[first : first + 10], first))
        position = batch.after
        seen += [after for _, after in batch.accounts]
    return seen


def offers(states: list[AccountState]) -> Iterator[tuple[str, str]]:
    """Each offer's id with its facts."""
    for state in states:
        for offer in state.offers.values():
            yield offer.id, encode_offer(offer)


def test_an_offer_s_facts_are_read_as_they_were_written(states: list[AccountState]) -> None:
    for state in states:
        for offer in state.offers.values():
            assert decode_offer(offer.id, encode_offer(offer)) == offer


def test_an_account_s_facts_are_read_as_they_were_written(states: list[AccountState]) -> None:
    for state in states:
        bare = AccountState(state.account, state.livemode, state.sequence, state.offers, quarantined=state.quarantined)
        kept = replace(state, transactions={}, updates=frozenset())
        assert decode_account(bare, encode_account(state)) == kept


def test_the_same_state_has_the_same_bytes_also_after_it_was_read_again(states: list[AccountState]) -> None:
    for offer_id, facts in offers(states):
        assert encode_offer(decode_offer(offer_id, facts)) == facts


def test_facts_are_text_that_any_reader_of_json_takes(states: list[AccountState]) -> None:
    assert states
    for _, facts in offers(states):
        assert facts.isascii()
        assert "\\u0000" not in facts
