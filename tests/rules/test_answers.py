"""Answers: surveys in chunks, offers, summaries and failures; what they prove, and of whom downstream hears."""

from dataclasses import replace

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, with_fields
from worker.rules.facts import (
    LineOfCreditEvent,
    LookupFailed,
    OfferAnswered,
    RepaymentInterval,
    Summary,
    SummaryAnswered,
    SurveyAnswered,
)
from worker.rules.milestones import Milestone
from worker.rules.state import Link

M = Milestone
A = Life("A")
B = Life("B", "refill", 2_000)
C = Life("C", "refill", 3_000)
SUMMARY = Summary("accepted", "A", 100, 10, 5, 105, "usd", "0.15", RepaymentInterval(9_000, 1, 2))


def survey(
    chunk: int, of: int, *offers: Life, name: str = "survey", due: int = 0, country: str = "US"
) -> SurveyAnswered:
    shown = tuple(offer.observed("paid_out", id=f"{name}_{chunk}") for offer in offers)
    return SurveyAnswered(name, due, chunk, of, country, shown)


def waiting() -> Account:
    """A refill's payout that waits for the survey, asked for at 0."""
    account = Account()
    account.hear(*B.funded())
    assert account.due("survey") == 0
    return account


def test_a_survey_is_asked_for_at_once_when_a_refills_creation_is_told() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000), at=7)
    assert account.due("survey") == 7


def test_no_later_step_of_a_refill_asks_for_another() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), at=7)
    account.hear(B.event(M.ACCEPTED, 2_100), B.event(M.EXPIRED, 2_200), at=9)
    assert account.due("survey") == 7


def test_a_refill_that_only_a_survey_shows_asks_for_no_other() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    account.hear(SurveyAnswered("s", 0, 1, 1, "US", (C.observed("delivered"),)), at=5)
    assert "C" in account.state.refills
    assert account.due("survey") is None


def test_a_standard_offer_asks_for_no_survey() -> None:
    account = Account()
    account.hear(*A.funded())
    assert account.due("survey") is None


def test_the_last_chunk_of_a_whole_survey_answers() -> None:
    account = waiting()
    account.hear(survey(1, 3, A), survey(2, 3))
    assert account.due("survey") == 0
    assert account.status("B") is M.ACCEPTED
    account.hear(survey(3, 3))
    assert account.due("survey") is None
    assert account.hold("B", M.PAID_OUT).gate == "G2"


@pytest.mark.parametrize(
    "chunks",
    [
        [(1, 3), (3, 3)],
        [(2, 3), (3, 3)],
        [(3, 3)],
        [(1, 3), (2, 3)],
        [(2, 3), (1, 3), (3, 3)],
    ],
)
def test_a_broken_survey_answers_nothing_but_what_it_showed_is_known(chunks: list[tuple[int, int]]) -> None:
    account = waiting()
    account.hear(*(survey(chunk, of, A) for chunk, of in chunks))
    assert account.due("survey") == 0
    assert account.hold("B", M.PAID_OUT).gate != "G4", "the original is known by now"
    assert not account.offer("B").surveyed
    assert account.state.country == "US"


def test_chunks_that_come_twice_do_no_harm() -> None:
    account = waiting()
    account.hear(*(survey(chunk, 3) for chunk in (1, 1, 2, 2, 3, 3)))
    assert account.due("survey") is None
    assert account.offer("B").surveyed


def test_chunks_of_two_surveys_make_no_whole_one() -> None:
    account = waiting()
    account.hear(survey(1, 2, name="one"), survey(2, 2, name="other"))
    assert account.due("survey") == 0
    account.hear(survey(1, 2, name="one"), survey(1, 2, name="other"), survey(2, 2, name="one"))
    assert account.due("survey") == 0
    account.hear(survey(2, 2, name="other"))
    assert account.due("survey") is None


def test_a_survey_asked_for_before_the_question_was_new_does_not_answer_it() -> None:
    account = waiting()
    later = B.with_(id="C", created=9_000)
    account.hear(*later.funded(), at=5_000)
    account.hear(survey(1, 1, due=0))
    assert account.due("survey") == 5_000
    assert not account.offer("C").surveyed
    account.hear(LookupFailed("survey", "", 4_999))
    assert account.due("survey") == 5_000
    account.hear(survey(1, 1, due=5_000))
    assert account.due("survey") is None
    assert account.offer("C").surveyed


def test_a_survey_tells_nothing_of_offers_that_nobody_announced() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 5_000))
    past = Life("P", created=100)
    told = account.survey(past.observed("fully_repaid", status_transitions__fully_repaid_at=900), country="US")
    assert told == ["attention:unresolved_link:B"]
    assert M.FULLY_REPAID in account.offer("P").known
    assert not account.offer("P").announced


def test_an_offer_that_is_announced_later_is_told_then() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 5_000))
    past = Life("P", created=100)
    account.survey(past.observed("fully_repaid", status_transitions__fully_repaid_at=900), country="US")
    told = account.hear(past.event(M.ACCEPTED, 200))
    assert [told for told in told if told.startswith("P")] == [
        "P:created",
        "P:accepted",
        "P:paid_out",
        "P:fully_repaid",
    ]
    assert account.release("P:accepted").basis == "event"
    assert account.release("P:paid_out").basis == "api"


def test_naming_it_as_replaced_announces_an_offer_too() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 5_000))
    past = Life("P", created=100)
    account.survey(past.observed("delivered"), country="US")
    replacement = Life("Q", created=200, replacement_for="P")
    assert account.hear(replacement.event(M.ACCEPTED, 300)) == ["P:created"]
    assert account.hear(replacement.event(M.CREATED, 200)) == ["Q:created", "Q:accepted"]
    assert account.status("P") is M.CREATED, "only replacement_created tells that it was replaced"


def test_the_original_of_an_announced_refill_is_announced() -> None:
    account = Account()
    account.hear(*B.funded())
    told = account.survey(
        A.observed("fully_repaid", id="obs_A", status_transitions__fully_repaid_at=2_200), country="US"
    )
    assert told.index("A:fully_repaid") < told.index("B:paid_out")
    assert account.offer("A").announced


def test_the_original_of_a_refill_that_is_not_announced_is_not_told() -> None:
    account = Account()
    account.hear(Life("D", "refill", 100).event(M.CREATED, 100))
    account.survey(
        A.observed("paid_out", id="obs_A"),
        B.observed("paid_out", id="obs_B"),
        country="US",
    )
    assert account.link("B") is not None
    assert not account.offer("A").announced
    assert not [told for told in account.told if told.startswith(("A", "B"))]


def test_announcing_a_refill_announces_its_original() -> None:
    account = Account()
    account.hear(Life("D", "refill", 100).event(M.CREATED, 100))
    account.survey(A.observed("paid_out", id="obs_A"), B.observed("delivered", id="obs_B"), country="US")
    told = account.hear(B.event(M.CREATED, 2_000))
    assert {"A:created", "A:accepted", "A:paid_out", "B:created", "B:linked:1"} <= set(told)


@pytest.mark.parametrize("answer", [OfferAnswered("B", 0, None), OfferAnswered("nobody", 0, None)])
def test_a_404_makes_nothing_known(answer: OfferAnswered) -> None:
    account = waiting()
    state = account.state
    assert account.hear(answer) == []
    assert account.state.offers == state.offers


def test_a_summary_is_asked_for_at_once_after_each_payout_and_each_repayment() -> None:
    account = Account()
    account.hear(*A.events(M.CREATED, M.ACCEPTED))
    assert account.due("summary") is None
    account.hear(A.event(M.PAID_OUT, 1_200), at=5)
    assert account.due("summary") == 5
    account.hear(SummaryAnswered(5, SUMMARY), A.event(M.CANCELED, 1_300))
    assert account.due("summary") is None
    account.hear(A.event(M.FULLY_REPAID, 9_000), at=9)
    assert account.due("summary") == 9


def test_a_summary_asked_for_before_the_latest_payout_is_told_but_asked_for_again() -> None:
    account = Account()
    account.hear(*A.funded(), at=5)
    assert account.hear(SummaryAnswered(4, SUMMARY)) == ["summary:1"]
    assert account.due("summary") == 5
    account.hear(LookupFailed("summary", "", 4))
    assert account.due("summary") == 5
    assert account.hear(LookupFailed("summary", "", 5)) == []
    assert account.due("summary") is None


def test_a_summary_is_told_when_it_shows_something_new_with_the_next_revision() -> None:
    account = Account()
    assert account.hear(SummaryAnswered(0, None)) == []
    assert account.hear(SummaryAnswered(0, SUMMARY), SummaryAnswered(0, SUMMARY)) == ["summary:1"]
    changed = replace(SUMMARY, remaining_amount=50)
    assert account.hear(SummaryAnswered(0, changed), SummaryAnswered(0, None)) == ["summary:2"]
    assert account.hear(SummaryAnswered(0, SUMMARY)) == ["summary:3"]
    assert (account.state.summary, account.state.summary_revision) == (SUMMARY, 3)


def test_a_summary_changes_nothing_of_any_offer_under_stacking() -> None:
    account = Account()
    original, refill = A.with_(currency="gbp"), B.with_(currency="gbp", rate="0.2")
    account.hear(*original.funded(), *refill.funded())
    before = (account.state.offers, account.withheld(), account.active())
    account.hear(SummaryAnswered(0, replace(SUMMARY, offer="B", withhold_rate="0.9", status="none")))
    assert (account.state.offers, account.withheld(), account.active()) == before


def test_a_failed_summary_or_offer_answers_no_survey_and_a_failed_survey_no_summary() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.hear(LookupFailed("offer", "B", 0), LookupFailed("summary", "", 0))
    assert account.due("survey") == 0
    account.hear(B.event(M.ACCEPTED, 2_100), A.event(M.FULLY_REPAID, 2_200))
    account.hear(LookupFailed("survey", "", 0))
    assert account.due("summary") == 0


def test_a_line_of_credit_is_told_once_for_each_event() -> None:
    account = Account()
    event = LineOfCreditEvent(SUMMARY, "evt_1")
    assert account.hear(event, event, replace(event, id="evt_2")) == ["evt_1:line_of_credit", "evt_2:line_of_credit"]
    assert account.state.summary is None


def test_a_chain_that_only_a_survey_shows_is_announced_up_to_its_first_financing() -> None:
    account = Account()
    account.hear(C.event(M.CREATED, 3_000))
    repaid = A.observed("fully_repaid", id="obs_A", status_transitions__fully_repaid_at=2_200)
    account.survey(
        with_fields(repaid, {"status_transitions.paid_out_at": 1_200}),
        B.observed("paid_out", id="obs_B", status_transitions__paid_out_at=2_200),
        country="US",
    )
    assert account.link("C") == Link("B", "only_candidate", "confirmed")
    assert account.link("B") == Link("A", "only_candidate", "confirmed")
    assert account.offer("A").announced
    assert "B:paid_out" in account.told


@pytest.mark.parametrize("failure", [True, False])
def test_an_old_survey_that_comes_again_does_not_answer_for_a_refill_heard_of_since(
    failure: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    old = LookupFailed("survey", "", 0) if failure else SurveyAnswered("s", 0, 1, 1, None, ())
    account.hear(old)
    account.hear(C.event(M.PAID_OUT, 3_200), at=10)
    account.hear(old)
    account.hear(C.event(M.CREATED, 3_000), C.event(M.ACCEPTED, 3_100), at=20)
    assert account.due("survey") == 20
    assert account.hold("C", M.PAID_OUT).gate == "G4"


def test_a_refill_that_a_failed_survey_had_shown_in_part_is_surveyed_when_it_is_announced() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    account.hear(SurveyAnswered("s", 0, 1, 2, None, (C.observed("delivered"),)), LookupFailed("survey", "", 0))
    account.hear(C.event(M.CREATED, 3_000), at=20)
    assert account.due("survey") == 20


def test_a_refill_that_is_known_as_one_only_after_its_creation_was_told_is_surveyed_too() -> None:
    account = Account()
    untyped = B.with_(product_type=None, currency="gbp")
    account.hear(untyped.event(M.CREATED, 2_000), untyped.with_(product_type="refill").event(M.ACCEPTED, 2_100))
    assert account.due("survey") is not None


def test_a_charge_off_of_an_offer_nobody_announced_is_not_told() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    past = Life("P", created=100)
    account.survey(past.observed("paid_out", charged_off_at=900, status_transitions__paid_out_at=3_000), country="US")
    assert ("charged_off", "P") not in account.attention()
    account.hear(past.event(M.PAID_OUT, 300))
    assert ("charged_off", "P") in account.attention()
