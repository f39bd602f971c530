"""Withholding: which financing repays and at which rate, through the lives of originals and refills."""

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, with_fields
from worker.rules.facts import OfferAnswered
from worker.rules.milestones import Milestone
from worker.rules.releases import WithholdingChanged

M = Milestone
A = Life("A", rate="0.1")
B = Life("B", "refill", 2_000, rate="0.2")
C = Life("C", "refill", 3_000, rate="0.3")
UK_A, UK_B, UK_C = (life.with_(currency="gbp") for life in (A, B, C))


def test_nothing_is_withheld_before_a_payout() -> None:
    account = Account()
    account.hear(*A.events(M.CREATED, M.ACCEPTED))
    assert account.withheld() is None
    assert account.withholdings() == []


def test_the_first_payout_and_the_last_end_are_changes_too() -> None:
    account = Account()
    account.hear(*A.funded(), A.event(M.FULLY_REPAID, 9_000))
    assert account.withholdings() == [("A", "0.1"), None]
    changes = [release for release in account.releases if isinstance(release, WithholdingChanged)]
    assert [change.revision for change in changes] == [1, 2]
    assert changes[0].previous is None
    assert changes[1].previous == changes[0].withholding


def test_stacked_the_original_is_withheld_at_the_refills_rate_from_its_acceptance_on() -> None:
    account = Account()
    account.hear(*UK_A.funded(), UK_B.event(M.CREATED, 2_000))
    assert account.withheld() == ("A", "0.1")
    assert account.hear(UK_B.event(M.ACCEPTED, 2_100)) == ["B:accepted", "withholding:2"]
    assert account.withheld() == ("A", "0.2")
    told = account.hear(UK_B.event(M.PAID_OUT, 2_200))
    assert not [told for told in told if told.startswith("withholding")], "the payout changes nothing of it"
    account.hear(UK_A.event(M.FULLY_REPAID, 90_000))
    account.hear(UK_B.event(M.FULLY_REPAID, 99_000))
    assert account.withholdings() == [("A", "0.1"), ("A", "0.2"), ("B", "0.2"), None]


def test_stacked_the_newest_accepted_refill_of_the_chain_sets_the_rate() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), UK_C.event(M.CREATED, 3_000))
    assert account.withheld() == ("A", "0.2")
    account.hear(UK_C.event(M.ACCEPTED, 3_100))
    assert account.withheld() == ("A", "0.3")
    account.hear(UK_A.event(M.FULLY_REPAID, 90_000))
    assert account.withheld() == ("B", "0.3")


def test_stacked_the_newest_is_the_latest_accepted_and_of_one_second_the_greater_id() -> None:
    account = Account()
    account.hear(*UK_A.funded(), UK_B.event(M.CREATED, 2_000), UK_C.with_(created=2_050).event(M.CREATED, 2_050))
    account.hear(UK_C.event(M.ACCEPTED, 2_100), UK_B.event(M.ACCEPTED, 2_101))
    assert account.withheld() == ("A", "0.2")
    late = {"status_transitions.accepted_at": 2_101}
    account.hear(with_fields(UK_C.event(M.ACCEPTED, 2_100, id="evt_timed"), late))
    assert account.withheld() == ("A", "0.3")


@pytest.mark.parametrize("void", [M.REJECTED, M.CANCELED])
def test_stacked_the_rate_of_a_refill_that_comes_to_nothing_falls_back_to_the_one_before(void: Milestone) -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.events(M.CREATED, M.ACCEPTED))
    second = UK_C.with_(created=2_050)
    account.hear(*second.events(M.CREATED, M.ACCEPTED))
    assert account.withheld() == ("A", "0.3")
    account.hear(second.event(void, 2_300))
    assert account.withheld() == ("A", "0.2")
    account.hear(UK_B.event(void, 2_300))
    assert account.withheld() == ("A", "0.1")


def test_stacked_a_replaced_refill_loses_its_rate_and_its_replacement_brings_its_own() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.events(M.CREATED, M.ACCEPTED))
    replacement = UK_C.with_(created=2_500, replacement_for="B")
    account.hear(replacement.event(M.CREATED, 2_500, replaces=True))
    assert account.withheld() == ("A", "0.1")
    account.hear(replacement.event(M.ACCEPTED, 2_600))
    assert account.withheld() == ("A", "0.3")


@pytest.mark.parametrize("closer", [M.EXPIRED, M.ACCEPTED_OTHER_OFFER])
def test_stacked_no_other_closer_takes_a_rate_back(closer: Milestone) -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.events(M.CREATED, M.ACCEPTED), UK_B.event(closer, 2_300))
    assert account.withheld() == ("A", "0.2")


def test_stacked_a_refill_of_another_chain_sets_no_rate() -> None:
    account = Account()
    account.hear(*UK_A.funded())
    other = Life("D", created=1_050, currency="eur", rate="0.4")
    account.hear(*other.funded())
    account.hear(*Life("E", "refill", 2_000, "eur", rate="0.5").events(M.CREATED, M.ACCEPTED))
    assert account.link("E") is not None
    assert account.withheld() == ("A", "0.1")


def test_stacked_a_canceled_payout_is_no_target() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), UK_B.event(M.CANCELED, 2_300))
    assert account.active() == ["A"]
    assert account.withheld() == ("A", "0.1")


def test_pay_down_an_accepted_refill_changes_nothing_and_its_payout_the_target() -> None:
    account = Account()
    account.hear(*A.funded(), *B.events(M.CREATED, M.ACCEPTED))
    assert account.withheld() == ("A", "0.1")
    account.hear(B.event(M.PAID_OUT, 2_200))
    assert account.withheld() == ("A", "0.1"), "the payout is held"
    account.hear(A.event(M.FULLY_REPAID, 2_200))
    assert account.withholdings() == [("A", "0.1"), None, ("B", "0.2")]


def test_pay_down_a_payout_over_a_gap_takes_its_original_out_of_the_open_ones() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.wait_in_vain("A")
    assert account.release("B:paid_out").active == ("B",)
    assert account.withholdings() == [("A", "0.1"), ("B", "0.2")]


def test_pay_down_an_original_that_a_late_link_names_is_closed_then() -> None:
    account = Account()
    account.hear(*B.funded())
    account.survey(country="US")
    account.hear(*A.funded())
    assert account.active() == ["B"]
    assert account.withheld() == ("B", "0.2")


def test_pay_down_a_refill_that_is_not_paid_out_closes_nothing() -> None:
    account = Account()
    account.hear(*A.funded(), *B.events(M.CREATED, M.ACCEPTED), B.event(M.REJECTED, 2_200))
    assert account.active() == ["A"]
    assert account.withheld() == ("A", "0.1")


def test_unknown_nobody_can_say_while_two_are_open() -> None:
    account = Account()
    account.hear(*A.with_(currency="cad").funded(), *B.with_(currency="cad").funded())
    assert account.withheld() == ("A", "0.1")
    account.survey(country="CA")
    assert account.active() == ["A", "B"]
    assert account.withheld() is None
    account.hear(A.event(M.FULLY_REPAID, 9_000))
    assert account.withholdings() == [("A", "0.1"), None, ("B", "0.2")]


def test_the_target_is_the_oldest_open_by_payout_whatever_came_first() -> None:
    account = Account()
    young, old = Life("P", created=1_100, rate="0.3"), Life("Q", created=1_000, rate="0.4")
    account.hear(*young.funded())
    account.hear(*old.funded())
    assert account.active() == ["Q", "P"]
    assert account.withholdings() == [("P", "0.3"), ("Q", "0.4")]


def test_of_payouts_in_one_second_the_lesser_id_is_the_older() -> None:
    account = Account()
    account.hear(*Life("Q").funded(), *Life("P").funded())
    assert account.active() == ["P", "Q"]


def test_a_rate_that_an_answer_corrects_is_told() -> None:
    account = Account()
    account.hear(*A.funded())
    corrected = A.observed("paid_out", accepted_terms__withhold_rate="0.11")
    assert "withholding:2" in account.hear(OfferAnswered("A", 0, corrected))
    assert account.withheld() == ("A", "0.11")


def test_the_accepted_rate_counts_more_than_the_offered_one() -> None:
    account = Account()
    account.hear(*A.events(M.CREATED, M.ACCEPTED))
    account.hear(A.event(M.PAID_OUT, 1_200, accepted=False, offered_terms__withhold_rate="0.5"))
    assert account.withheld() == ("A", "0.1")


def test_a_charge_off_ends_withholding() -> None:
    account = Account()
    account.hear(*A.funded())
    account.hear(OfferAnswered("A", 0, A.observed("paid_out", charged_off_at=3_000)))
    assert account.active() == []
    assert account.withholdings() == [("A", "0.1"), None]
    assert account.status("A") is M.PAID_OUT


def test_a_policy_that_is_corrected_corrects_the_withholding() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.events(M.CREATED, M.ACCEPTED))
    assert account.withheld() == ("A", "0.2")
    account.survey(country="US")
    assert account.withheld() == ("A", "0.1")


def test_a_policy_that_is_corrected_after_all_had_ended_opens_again_what_a_payout_had_closed() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.wait_in_vain("A")
    account.hear(B.event(M.FULLY_REPAID, 9_000))
    assert account.active() == []
    account.survey(country="GB")
    assert account.active() == ["A"]
    assert account.withheld() == ("A", "0.2")


def test_a_link_that_is_corrected_after_all_had_ended_opens_again_what_a_payout_had_closed() -> None:
    account = Account()
    other = A.with_(id="D", created=1_050)
    account.hear(*A.funded(), *other.funded(), *B.funded())
    account.wait_in_vain("D")
    account.hear(A.event(M.FULLY_REPAID, 8_000), B.event(M.FULLY_REPAID, 9_000))
    assert account.active() == []
    account.hear(with_fields(other.event(M.PAID_OUT, 1_250, id="evt_timed"), {"status_transitions.paid_out_at": 2_001}))
    assert account.active() == ["D"]
    assert account.withheld() == ("D", "0.1")


def test_each_notification_of_a_milestone_shows_what_is_open_and_withheld_after_it() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.events(M.CREATED, M.ACCEPTED))
    before = account.release("B:created")
    accepted = account.release("B:accepted")
    assert accepted.withholding is not None
    assert (accepted.active, accepted.withholding.rate) == (("A",), "0.2")
    assert before.withholding is not None
    assert before.withholding.rate == "0.1"
    told = account.hear(UK_A.event(M.FULLY_REPAID, 9_000), UK_B.event(M.PAID_OUT, 9_100))
    assert account.release("A:fully_repaid").active == ()
    assert account.release("A:fully_repaid").withholding is None
    assert account.release("B:paid_out").active == ("B",)
    assert told[:2] == ["A:fully_repaid", "withholding:3"]


def test_stacked_a_chain_is_followed_by_age_whatever_its_offers_are_called() -> None:
    account = Account()
    middle = UK_B.with_(id="Z")
    account.hear(*UK_A.funded(), *middle.funded(), *UK_C.events(M.CREATED, M.ACCEPTED))
    assert account.link("C") is not None
    assert account.withheld() == ("A", "0.3")


def test_stacked_an_acceptance_of_unknown_time_is_no_newer_than_one_that_is_known() -> None:
    account = Account()
    account.hear(*UK_A.funded(), UK_C.with_(created=2_050).event(M.CREATED, 2_050), UK_B.event(M.CREATED, 2_000))
    account.hear(UK_B.event(M.ACCEPTED, 2_100))
    account.hear(OfferAnswered("C", 0, UK_C.with_(created=2_050).observed("accepted")))
    assert account.withheld() == ("A", "0.2")
