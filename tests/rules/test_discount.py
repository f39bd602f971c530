"""The discount of a refill: its five states, when Stripe is asked for it, and that it is told once."""

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, discounted
from worker.rules.draft import Timing
from worker.rules.facts import LookupFailed, OfferAnswered
from worker.rules.milestones import Milestone
from worker.rules.releases import DiscountSettled

M = Milestone
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
A = Life("A")
B = Life("B", "refill", 2_000, discount_rate="0.5")
UK_A, UK_B = A.with_(currency="gbp"), B.with_(currency="gbp")
REPAID_A = A.event(M.FULLY_REPAID, 2_200)
REPAID_UK_A = UK_A.event(M.FULLY_REPAID, 90_000)
PAID = UK_B.observed("paid_out")


def asked(account: Account, offer: str = "B") -> int | None:
    return account.offer(offer).discount_due


def settled(account: Account) -> list[int | None]:
    """The amount of every settlement that was told."""
    amount = "accepted_terms.previous_financing_fee_discount_amount"
    return [release.refill.number(amount) for release in account.releases if isinstance(release, DiscountSettled)]


def test_what_is_no_refill_has_no_discount_even_where_an_amount_is_shown() -> None:
    account = Account()
    account.hear(*A.funded(), discounted(A.event(M.PAID_OUT, 1_201, id="evt_2"), 5))
    assert account.discount("A") == "not_applicable"
    assert settled(account) == []


@pytest.mark.parametrize("rate", [None, "0"])
def test_a_refill_without_a_rate_has_none_once_it_is_paid_out_and_not_before(rate: str | None) -> None:
    account = Account()
    refill = UK_B.with_(discount_rate=rate)
    account.hear(*UK_A.funded(), *refill.events(M.CREATED, M.ACCEPTED))
    assert account.discount("B") == "pending"
    told = account.hear(refill.event(M.PAID_OUT, 2_200))
    assert "B:discount_settled" in told
    assert account.discount("B") == "none"
    assert settled(account) == [None]
    assert asked(account) is None


def test_a_payout_that_is_held_tells_no_discount() -> None:
    account = Account()
    account.hear(*A.funded(), *B.with_(discount_rate=None).funded())
    assert account.discount("B") == "pending"
    assert settled(account) == []
    assert account.hear(REPAID_A)[-1] == "B:discount_settled"


@pytest.mark.parametrize("amount", [500, 0])
def test_an_amount_settles_it_and_zero_is_an_amount(amount: int) -> None:
    account = Account()
    account.hear(*A.funded(), REPAID_A, *B.events(M.CREATED, M.ACCEPTED))
    told = account.hear(discounted(B.event(M.PAID_OUT, 2_200), amount))
    assert told.index("B:paid_out") < told.index("B:discount_settled")
    assert account.discount("B") == "settled"
    assert settled(account) == [amount]
    assert asked(account) is None


def test_an_amount_known_before_the_payout_is_told_after_it() -> None:
    account = Account()
    account.hear(*UK_A.funded(), UK_B.event(M.CREATED, 2_000), discounted(UK_B.event(M.ACCEPTED, 2_100), 7))
    assert account.discount("B") == "settled"
    assert settled(account) == []
    account.hear(UK_B.event(M.PAID_OUT, 2_200))
    assert settled(account) == [7]


def test_it_is_told_once_whatever_is_shown_again() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), REPAID_UK_A)
    account.hear(OfferAnswered("B", 0, discounted(PAID, 5)))
    account.hear(OfferAnswered("B", 0, discounted(UK_B.observed("paid_out", id="obs_2", at=6_000), 6)))
    assert settled(account) == [5]
    assert account.attention()[-1] == ("conflict", "B")


def test_where_none_was_told_a_later_amount_is_shown_but_not_told_again() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.with_(discount_rate=None).funded())
    account.hear(OfferAnswered("B", 0, discounted(PAID, 5)))
    assert settled(account) == [None]
    assert account.discount("B") == "settled"


def test_under_pay_down_stripe_is_asked_from_the_payout_on() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded(), at=5)
    assert asked(account) is None
    account.hear(REPAID_A, at=10)
    assert asked(account) == 10 + MINUTE


def test_under_an_unknown_policy_stripe_is_asked_from_the_payout_on() -> None:
    account = Account()
    account.hear(*A.with_(currency="cad").funded(), *B.with_(currency="cad").funded())
    account.survey(country="CA")
    assert asked(account) == MINUTE


def test_under_stacking_without_an_original_stripe_is_asked_from_the_payout_on_once_the_survey_found_none() -> None:
    account = Account()
    account.hear(*UK_B.funded(), at=10)
    account.survey(country="GB")
    assert asked(account) == 10 + MINUTE


def test_an_original_that_is_found_later_puts_the_asking_off_until_it_ends() -> None:
    account = Account()
    account.hear(*UK_B.funded())
    account.survey(country="GB")
    while account.discount("B") == "pending":
        account.fail("offer", "B")
    account.hear(*UK_A.funded(), at=30 * DAY)
    assert account.discount("B") == "pending"
    assert asked(account) is None
    account.hear(REPAID_UK_A, at=200 * DAY)
    assert asked(account) == 200 * DAY + MINUTE


def test_a_market_that_is_corrected_to_stacking_puts_the_asking_off_too() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.wait_in_vain("A")
    assert asked(account) == 105 * MINUTE + MINUTE
    account.survey(country="GB")
    assert asked(account) is None
    account.hear(A.event(M.FULLY_REPAID, 90_000), at=200 * DAY)
    assert asked(account) == 200 * DAY + MINUTE


def test_under_stacking_stripe_is_asked_only_from_the_originals_end_on() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded())
    account.survey(UK_A.observed("paid_out", id="obs_A"), UK_B.observed("paid_out", id="obs_B"), country="GB")
    assert asked(account) is None
    account.hear(UK_A.event(M.PAID_OUT, 1_200, id="evt_twin"), at=100 * DAY)
    assert asked(account) is None
    account.hear(REPAID_UK_A, at=200 * DAY)
    assert asked(account) == 200 * DAY + MINUTE


@pytest.mark.parametrize("end", ["canceled", "charged off"])
def test_under_stacking_another_end_of_the_original_counts_too(end: str) -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded())
    if end == "canceled":
        account.hear(UK_A.event(M.CANCELED, 3_000), at=DAY)
    else:
        account.hear(OfferAnswered("A", 0, UK_A.observed("paid_out", charged_off_at=3_000)), at=DAY)
    assert asked(account) == DAY + MINUTE


def test_stripe_is_asked_after_1_and_10_minutes_1_and_6_hours_1_3_and_7_days() -> None:
    account = Account()
    account.hear(*A.funded(), REPAID_A, *B.funded(), at=1_000)
    times = []
    while asked(account) is not None:
        times.append((asked(account) or 0) - 1_000)
        assert account.discount("B") == "pending"
        account.show("B", B.observed("paid_out"))
    assert times == [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY]
    assert account.discount("B") == "undetermined"
    assert account.attention() == [("discount_undetermined", "B")]
    assert settled(account) == []


def test_the_schedule_is_a_setting() -> None:
    account = Account(Timing(discount=(5, 9)))
    account.hear(*A.funded(), REPAID_A, *B.funded())
    assert asked(account) == 5
    account.show("B", None)
    assert asked(account) == 9
    account.fail("offer", "B")
    assert account.discount("B") == "undetermined"


def test_an_empty_schedule_asks_nobody_and_leaves_it_undetermined() -> None:
    account = Account(Timing(discount=()))
    account.hear(*A.funded(), REPAID_A, *B.funded())
    assert asked(account) is None
    assert account.discount("B") == "undetermined"
    assert account.attention() == [("discount_undetermined", "B")]


def test_an_undetermined_discount_still_settles_when_an_amount_arrives() -> None:
    account = Account(Timing(discount=(5,)))
    account.hear(*A.funded(), REPAID_A, *B.funded())
    account.fail("offer", "B")
    assert account.discount("B") == "undetermined"
    assert account.hear(OfferAnswered("B", 0, discounted(B.observed("paid_out"), 5)))[-1] == "B:discount_settled"
    assert account.discount("B") == "settled"


def test_the_last_answer_may_bring_it_and_then_nobody_is_bothered() -> None:
    account = Account(Timing(discount=(5,)))
    account.hear(*A.funded(), REPAID_A, *B.funded())
    assert account.show("B", discounted(B.observed("paid_out"), 5)) == ["B:discount_settled"]
    assert account.attention() == []
    assert asked(account) is None


def test_only_answers_asked_for_when_it_was_due_count() -> None:
    account = Account()
    account.hear(*A.funded(), REPAID_A, *B.funded())
    account.hear(LookupFailed("offer", "B", MINUTE - 1), at=MINUTE)
    assert asked(account) == MINUTE
    account.hear(LookupFailed("offer", "B", MINUTE), LookupFailed("offer", "B", MINUTE), at=MINUTE)
    assert asked(account) == 10 * MINUTE
    assert account.offer("B").discount_asked == 1


def test_an_answer_about_an_offer_nobody_knows_or_that_is_not_asked_about_counts_for_nothing() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.hear(LookupFailed("offer", "B", 5 * MINUTE), LookupFailed("offer", "nobody", 5 * MINUTE))
    assert account.offer("B").discount_asked == 0


def test_the_question_is_the_offers_and_due_when_the_discount_is() -> None:
    account = Account()
    account.hear(*A.funded(), REPAID_A, *B.funded())
    assert account.due("offer", "B") == MINUTE


def test_nobody_asks_for_the_discount_of_what_is_no_refill_after_all() -> None:
    account = Account()
    account.hear(*A.funded(), A.event(M.FULLY_REPAID, 2_200), *B.funded())
    assert account.due("offer", "B") is not None
    account.hear(OfferAnswered("B", 0, B.with_(product_type="standard").observed("fully_repaid")))
    assert account.discount("B") == "not_applicable"
    assert account.due("offer", "B") is None
    assert account.offer("B").discount_asked == 0
