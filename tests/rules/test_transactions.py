"""Transactions, and what else is only kept: told once, and never decided by arrival."""

from dataclasses import replace
from itertools import permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, transaction
from worker.rules.facts import Resumed, TransactionEvent, UnknownEvent, Unusable
from worker.rules.milestones import Milestone
from worker.rules.releases import AttentionRaised
from worker.rules.state import AccountState, Decided

M = Milestone


def event(total: int, created: int, id: str) -> TransactionEvent:
    return replace(transaction(total_amount=total), created=created, id=id)


def test_a_transaction_is_told_once() -> None:
    account = Account()
    assert account.hear(transaction(), transaction(), transaction("cptxn_2")) == [
        "cptxn_1:recorded",
        "cptxn_2:recorded",
    ]
    assert account.attention() == []


def test_another_event_of_the_same_transaction_with_the_same_content_is_no_conflict() -> None:
    account = Account()
    account.hear(event(110, 5, "evt_b"), event(110, 4, "evt_c"))
    assert account.attention() == []
    assert account.state.transactions["cptxn_1"].created == 4


@pytest.mark.parametrize("order", list(permutations([(1, 5, "evt_b"), (2, 4, "evt_z"), (3, 4, "evt_y")])))
def test_of_several_that_differ_the_earliest_and_then_the_lesser_id_stays(
    order: tuple[tuple[int, int, str], ...],
) -> None:
    account = Account()
    account.hear(*(event(*each) for each in order))
    assert account.state.transactions["cptxn_1"].transaction.total_amount == 3
    assert account.told == ["cptxn_1:recorded", "attention:conflict:cptxn_1"]


def test_a_transaction_announces_no_offer() -> None:
    account = Account()
    account.hear(transaction(offer="A", reason="refill"))
    assert account.state.offers == {}


@pytest.mark.parametrize("kind", ["capital.financing_offer.revoked", "capital.weather.changed"])
def test_an_unknown_event_changes_nothing(kind: str) -> None:
    account = Account()
    account.hear(*Life("A").funded())
    before = account.state
    assert account.hear(UnknownEvent(kind)) == []
    assert account.state == before


def test_a_record_that_cannot_be_applied_quarantines_the_account_until_it_is_resumed() -> None:
    account = Account()
    account.hear(Unusable("data.object: missing"))
    assert account.releases == [AttentionRaised("quarantined", "acct_1", "data.object: missing")]
    quarantined = account.state
    account.hear(Resumed())
    assert [quarantined.quarantined, account.state.quarantined] == [True, False]
    assert account.hear(Unusable("again")) == [], "a person is asked once for each reason and subject"


def test_state_is_kept_per_mode_and_account_and_begins_with_nothing_decided() -> None:
    new = AccountState("acct_1", livemode=False)
    assert new.key == (False, "acct_1")
    assert new.policy == Decided("unknown", None)
    assert not new.quarantined


@pytest.mark.parametrize("first", [0, 1])
def test_two_contents_of_a_transaction_under_one_event_id_do_not_depend_on_arrival(first: int) -> None:
    account = Account()
    both = [transaction(total_amount=7), transaction(total_amount=8)]
    account.hear(both[first], both[1 - first])
    assert account.state.transactions["cptxn_1"].transaction.total_amount == 8, "the greater text, as fields merge"
