"""Gates: what each milestone waits for, by policy and link, and what it does not wait for."""

from itertools import permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life
from worker.rules.facts import OfferEvent
from worker.rules.milestones import Milestone

M = Milestone
A = Life("A")
B = Life("B", "refill", 2_000)
UK_A, UK_B = A.with_(currency="gbp"), B.with_(currency="gbp")
CA_A, CA_B = A.with_(currency="cad"), B.with_(currency="cad")


def waiting(account: Account, offer: str, milestone: Milestone) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """(gate, waiting for, asking about)."""
    held = account.hold(offer, milestone)
    return held.gate, held.waiting_for, held.concerns


@pytest.mark.parametrize(
    ("milestone", "needs"),
    [
        (M.CREATED, ()),
        (M.ACCEPTED, (M.CREATED,)),
        (M.PAID_OUT, (M.CREATED, M.ACCEPTED)),
        (M.FULLY_REPAID, (M.CREATED, M.ACCEPTED, M.PAID_OUT)),
        (M.REJECTED, (M.CREATED, M.ACCEPTED)),
        (M.CANCELED, (M.CREATED, M.ACCEPTED)),
        (M.EXPIRED, (M.CREATED,)),
        (M.ACCEPTED_OTHER_OFFER, (M.CREATED,)),
    ],
)
def test_g1_each_step_waits_for_all_that_it_rests_on_and_for_nothing_else(
    milestone: Milestone, needs: tuple[Milestone, ...]
) -> None:
    account = Account()
    account.hear(A.event(milestone, 5_000))
    if needs:
        assert waiting(account, "A", milestone) == ("G1", tuple(f"A:{need}" for need in needs), ("A",))
        assert account.told == []
    for need in needs:
        account.hear(A.event(need, 4_000))
    told = [told for told in account.told if told.startswith("A:")]
    assert told == [*(f"A:{need}" for need in needs), f"A:{milestone}"]
    assert account.offer("A").holds == {}


def test_g1_a_replaced_offer_waits_for_its_own_creation() -> None:
    account = Account()
    new = Life("B", created=2_000, replacement_for="A")
    assert account.hear(new.event(M.CREATED, 2_000, replaces=True)) == ["B:created"]
    assert waiting(account, "A", M.REPLACED) == ("G1", ("A:created",), ("A",))
    assert account.hear(A.event(M.CREATED, 1_000)) == ["A:created", "A:replaced"]
    assert account.release("A:replaced").occurred_at == 2_000


@pytest.mark.parametrize("order", list(permutations([M.CREATED, M.ACCEPTED, M.PAID_OUT, M.FULLY_REPAID])))
def test_g1_any_order_of_arrival_is_told_in_the_order_of_life(order: tuple[Milestone, ...]) -> None:
    account = Account()
    account.hear(*(A.event(milestone, 5_000) for milestone in order))
    milestones = [told for told in account.told if told.startswith("A:")]
    assert milestones == ["A:created", "A:accepted", "A:paid_out", "A:fully_repaid"]
    assert not any(account.release(told).late for told in milestones)


def test_g1_nothing_is_asked_about_a_predecessor_that_is_known_and_held_itself() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded(), B.event(M.FULLY_REPAID, 9_000))
    assert waiting(account, "B", M.FULLY_REPAID) == ("G1", ("B:paid_out",), ())
    assert account.hold("B", M.FULLY_REPAID).due is None


def test_g2_under_pay_down_a_refills_payout_waits_for_the_originals_end() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    assert waiting(account, "B", M.PAID_OUT) == ("G2", ("A:fully_repaid",), ("A",))
    told = account.hear(A.event(M.FULLY_REPAID, 2_200))
    assert told[0] == "A:fully_repaid"
    assert "B:paid_out" in told


@pytest.mark.parametrize(
    "end",
    [
        A.event(M.FULLY_REPAID, 2_200),
        A.event(M.CANCELED, 2_200),
        A.event(M.PAID_OUT, 1_201, id="evt_shown", charged_off_at=2_150),
    ],
    ids=["fully repaid", "canceled after payout", "charged off"],
)
def test_g2_each_kind_of_end_opens_it(end: OfferEvent) -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    assert "B:paid_out" in account.hear(end)
    assert account.release("B:paid_out").gap == ()


@pytest.mark.parametrize("milestone", [M.REJECTED, M.EXPIRED, M.ACCEPTED_OTHER_OFFER])
def test_g2_another_closer_of_the_original_is_no_end(milestone: Milestone) -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded(), A.event(milestone, 2_200))
    assert waiting(account, "B", M.PAID_OUT)[0] == "G2"


def test_g2_an_end_that_is_itself_held_does_not_open_it_yet() -> None:
    account = Account()
    account.hear(A.event(M.PAID_OUT, 1_200), *B.funded(), A.event(M.FULLY_REPAID, 2_200))
    assert waiting(account, "B", M.PAID_OUT)[0] == "G2"
    told = account.hear(*A.events(M.CREATED, M.ACCEPTED))
    assert told.index("A:fully_repaid") < told.index("B:paid_out")


@pytest.mark.parametrize("milestone", [M.ACCEPTED, M.REJECTED, M.CANCELED, M.EXPIRED])
def test_g2_only_the_payout_waits_for_the_original(milestone: Milestone) -> None:
    account = Account()
    account.hear(*A.funded(), *B.events(M.CREATED, M.ACCEPTED))
    account.hear(B.event(milestone, 2_300))
    assert account.offer("B").holds == {}


def test_g2_a_repaid_refill_waits_for_its_own_payout_only() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.hear(A.event(M.FULLY_REPAID, 2_200), B.event(M.FULLY_REPAID, 9_000))
    assert account.status("B") is M.FULLY_REPAID


def test_g2_a_standard_offer_waits_for_nobody() -> None:
    account = Account()
    account.hear(*A.funded(), *Life("D", created=2_000).funded())
    assert account.status("D") is M.PAID_OUT


def test_g3_under_stacking_a_refills_payout_waits_for_nobody() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded())
    assert account.status("B") is M.PAID_OUT
    assert account.status("A") is M.PAID_OUT
    assert account.active() == ["A", "B"]


def test_g3_under_stacking_a_refills_repayment_waits_for_the_originals_end() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), UK_B.event(M.FULLY_REPAID, 9_000))
    assert waiting(account, "B", M.FULLY_REPAID) == ("G3", ("A:fully_repaid",), ("A",))
    told = account.hear(UK_A.event(M.FULLY_REPAID, 8_000))
    assert told.index("A:fully_repaid") < told.index("B:fully_repaid")


def test_g3_no_answer_and_no_failure_closes_the_original() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), UK_B.event(M.FULLY_REPAID, 9_000))
    account.show("A", UK_A.observed("paid_out"))
    account.fail("offer", "A")
    assert "B:fully_repaid" in account.fail("offer", "A")
    assert account.release("B:fully_repaid").gap == ("A:fully_repaid",)
    assert account.status("A") is M.PAID_OUT
    assert account.active() == ["A"]
    assert "A:fully_repaid" in account.hear(UK_A.event(M.FULLY_REPAID, 99_000))
    assert not account.release("A:fully_repaid").late


def test_g4_under_stacking_a_repayment_without_an_original_waits_for_the_survey_to_find_it() -> None:
    account = Account()
    account.hear(*UK_B.funded(), UK_B.event(M.FULLY_REPAID, 9_000), at=5)
    assert waiting(account, "B", M.FULLY_REPAID) == ("G4", ("survey",), ())
    assert account.due("survey") == 5
    account.survey(UK_A.observed("paid_out", id="obs_A"), country="GB")
    assert waiting(account, "B", M.FULLY_REPAID) == ("G3", ("A:fully_repaid",), ("A",))


def test_g3_without_an_original_to_be_found_a_repayment_waits_for_nobody() -> None:
    account = Account()
    account.hear(*UK_B.funded(), UK_B.event(M.FULLY_REPAID, 9_000))
    assert "B:fully_repaid" in account.survey(country="GB")
    assert account.release("B:fully_repaid").gap == ()


def test_g4_under_an_unknown_policy_a_payout_waits_for_the_survey() -> None:
    account = Account()
    account.hear(*CA_A.funded(), *CA_B.funded())
    assert waiting(account, "B", M.PAID_OUT) == ("G4", ("survey",), ())
    assert account.due("survey") == 0
    assert account.due("offer", "A") is None


@pytest.mark.parametrize("answer", ["CA", None, "failure"])
def test_g4_a_policy_that_stays_unknown_gates_nothing_and_is_no_gap(answer: str | None) -> None:
    account = Account()
    account.hear(*CA_A.funded(), *CA_B.funded())
    told = account.fail("survey") if answer == "failure" else account.survey(country=answer)
    assert "B:paid_out" in told
    assert account.release("B:paid_out").gap == ()
    assert account.attention() == []
    assert account.active() == ["A", "B"]
    assert account.withheld() is None
    account.hear(CA_B.event(M.FULLY_REPAID, 9_000))
    assert account.status("B") is M.FULLY_REPAID, "nor does a repayment wait"


def test_g4_the_survey_may_tell_that_another_gate_applies() -> None:
    account = Account()
    account.hear(*CA_A.funded(), *CA_B.funded())
    account.survey(country="US")
    assert waiting(account, "B", M.PAID_OUT) == ("G2", ("A:fully_repaid",), ("A",))


def test_g4_under_pay_down_a_payout_without_an_original_waits_for_the_survey_to_find_it() -> None:
    account = Account()
    account.hear(*B.funded())
    assert waiting(account, "B", M.PAID_OUT) == ("G4", ("survey",), ())
    account.survey(A.observed("paid_out", id="obs_A"), country="US")
    assert waiting(account, "B", M.PAID_OUT) == ("G2", ("A:fully_repaid",), ("A",))


@pytest.mark.parametrize("fails", [True, False])
def test_g4_an_original_that_is_not_found_is_no_gap_but_a_person_is_told(
    fails: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    account = Account()
    account.hear(*B.funded())
    told = account.fail("survey") if fails else account.survey(country="US")
    assert "B:paid_out" in told
    assert account.release("B:paid_out").gap == ()
    assert account.attention() == [("unresolved_link", "B")]


def test_g4_under_stacking_a_payout_waits_for_no_survey() -> None:
    account = Account()
    account.hear(*UK_B.funded())
    assert account.status("B") is M.PAID_OUT


def test_g4_a_late_event_that_shows_the_market_opens_it_before_any_answer() -> None:
    account = Account()
    account.hear(*CA_A.funded(), *CA_B.funded())
    assert "B:paid_out" in account.hear(CA_A.event(M.PAID_OUT, 1_200, id="evt_2", disclaimer_variant="youlend_uk_mca"))


def test_g4_each_refill_waits_for_a_survey_of_its_own_time() -> None:
    account = Account()
    account.hear(*CA_B.funded())
    account.survey(country="CA")
    later = CA_B.with_(id="C", created=9_000)
    account.hear(*later.funded(), at=7_777)
    assert waiting(account, "C", M.PAID_OUT)[0] == "G4"
    assert account.due("survey") == 7_777


def test_g4_asks_once_however_often_the_gate_is_asked() -> None:
    account = Account()
    account.hear(*CA_B.funded())
    account.hear(CA_B.event(M.PAID_OUT, 2_200, id="evt_twin"), at=5_000)
    assert account.due("survey") == 0


def test_g4_asks_again_where_the_payout_came_after_the_survey_was_asked_for() -> None:
    account = Account()
    account.hear(CA_B.event(M.CREATED, 2_000))
    account.hear(CA_B.event(M.ACCEPTED, 2_100), CA_B.event(M.PAID_OUT, 2_200), at=5_000)
    assert account.due("survey") == 5_000


def test_a_hold_behind_another_gate_is_another_hold_though_nobody_is_asked_about_either() -> None:
    account = Account()
    account.hear(*CA_B.funded(), CA_B.event(M.FULLY_REPAID, 9_000))
    assert waiting(account, "B", M.FULLY_REPAID) == ("G1", ("B:paid_out",), ())
    # It turns out to be a stacked market: the payout is told, and the repayment waits for the survey.
    account.hear(CA_B.event(M.FULLY_REPAID, 9_000, id="evt_twin", disclaimer_variant="youlend_uk_mca"), at=5)
    assert account.status("B") is M.PAID_OUT
    assert waiting(account, "B", M.FULLY_REPAID) == ("G4", ("survey",), ())
    assert account.due("survey") == 5


def test_a_payout_that_only_its_time_shows_is_one_after_which_a_cancellation_is_an_end() -> None:
    account = Account()
    account.hear(*A.events(M.CREATED, M.ACCEPTED), *B.funded())
    account.hear(A.event(M.CANCELED, 2_150, status_transitions__paid_out_at=1_200))
    link = account.link("B")
    assert link is not None
    assert link.original == "A"
    account.survey(country="US")
    assert "B:paid_out" in account.told
