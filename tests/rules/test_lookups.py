"""Lookups: every open question, with the earliest time from which anything wants it answered."""

from tests.rules.account import Account
from tests.rules.lives import Life
from worker.rules.lookups import lookups
from worker.rules.milestones import Milestone
from worker.rules.state import AccountState

M = Milestone
MINUTE = 60_000


def test_an_account_nobody_heard_of_asks_nothing() -> None:
    assert lookups(AccountState("acct_1", livemode=True)) == {}


def test_each_kind_of_question_is_named_by_its_subject() -> None:
    account = Account()
    account.hear(*Life("A").funded(), at=1)
    account.hear(*Life("B", "refill", 2_000, discount_rate="0.5").funded(), at=2)
    account.hear(Life("D", created=5_000).event(M.ACCEPTED, 5_100), at=3)
    assert lookups(account.state) == {
        ("summary", ""): 1,
        ("survey", ""): 2,
        ("offer", "A"): 2 + 15 * MINUTE,
        ("offer", "D"): 3 + MINUTE,
    }


def test_of_several_reasons_to_ask_about_an_offer_the_earliest_counts() -> None:
    account = Account()
    # B asks about A (its end, after 15 minutes); A asks about itself (its acceptance, after one).
    account.hear(Life("A").event(M.PAID_OUT, 1_200), *Life("B", "refill", 2_000).funded())
    assert account.due("offer", "A") == MINUTE
    first = Account()
    first.hear(Life("A").event(M.PAID_OUT, 1_200), at=20 * MINUTE)
    first.hear(*Life("B", "refill", 2_000).funded(), at=0)
    assert first.due("offer", "A") == 15 * MINUTE


def test_a_discount_that_is_due_and_a_hold_ask_one_question() -> None:
    account = Account()
    refill, next_refill = (
        Life(name, "refill", at, "gbp", discount_rate="0.5") for name, at in (("B", 2_000), ("C", 3_000))
    )
    account.hear(*refill.funded())
    account.survey(country="GB")
    account.hear(*next_refill.funded(), next_refill.event(M.FULLY_REPAID, 9_000), at=2 * MINUTE)
    assert account.hold("C", M.FULLY_REPAID).due == 17 * MINUTE
    assert account.due("offer", "B") == MINUTE, "the discount's question comes first"
