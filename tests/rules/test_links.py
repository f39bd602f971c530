"""Links: which financings a refill may refill, by effective times alone, and which of them it is taken to refill."""

from dataclasses import replace

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, transaction, with_fields
from worker.rules.facts import Fact, OfferAnswered, OfferEvent
from worker.rules.links import candidates
from worker.rules.milestones import Milestone
from worker.rules.state import Link

M = Milestone
A = Life("A")
OFFERED = 2_000
B = Life("B", "refill", OFFERED)


def possible(*facts: Fact, refill: Life = B) -> list[str]:
    """The originals that a refill offered at 2000 may refill, the latest paid out last."""
    account = Account()
    account.hear(*facts, refill.event(M.CREATED, OFFERED))
    return [offer.id for offer in candidates(account.offer(refill.id), account.state.offers)]


def api(life: Life, status: str, **fields: int) -> OfferAnswered:
    named = {name.replace("__", "."): second for name, second in fields.items()}
    return OfferAnswered(life.id, 0, with_fields(life.observed(status), named))


def test_a_financing_that_was_paid_out_and_is_open_may_be_refilled() -> None:
    assert possible(*A.funded()) == ["A"]


def test_an_offer_that_was_never_paid_out_may_not_be_refilled() -> None:
    assert possible(*A.events(M.CREATED, M.ACCEPTED)) == []


def test_a_payout_that_is_known_and_still_held_counts() -> None:
    assert possible(A.event(M.PAID_OUT, 1_200)) == ["A"]


def test_a_repayment_shows_that_there_was_a_payout() -> None:
    assert possible(A.event(M.CREATED, 1_000), A.event(M.FULLY_REPAID, 9_000)) == ["A"]


@pytest.mark.parametrize(("payout", "found"), [(1_999, ["A"]), (2_000, ["A"]), (2_001, [])])
def test_the_payout_is_at_or_before_the_refills_creation(payout: int, found: list[str]) -> None:
    assert possible(A.event(M.PAID_OUT, payout)) == found


def test_a_time_of_transition_counts_more_than_the_events() -> None:
    late_event = with_fields(A.event(M.PAID_OUT, 2_900), {"status_transitions.paid_out_at": 2_000})
    assert possible(late_event) == ["A"]
    early_event = with_fields(A.event(M.PAID_OUT, 1_900), {"status_transitions.paid_out_at": 2_001})
    assert possible(early_event) == []


@pytest.mark.parametrize(("acceptance", "found"), [(2_000, ["A"]), (2_001, [])])
def test_a_payout_without_a_time_happened_when_it_was_accepted_as_far_as_anybody_knows(
    acceptance: int, found: list[str]
) -> None:
    assert possible(api(A, "paid_out"), A.event(M.ACCEPTED, acceptance)) == found
    assert possible(api(A, "paid_out", status_transitions__accepted_at=acceptance)) == found


@pytest.mark.parametrize(("created", "found"), [(1_999, ["A"]), (2_000, ["A"]), (2_001, [])])
def test_a_payout_without_any_time_happened_when_the_offer_was_created(created: int, found: list[str]) -> None:
    assert possible(api(A.with_(created=created), "paid_out")) == found


@pytest.mark.parametrize(("created", "name", "found"), [(1_999, "Z", ["Z"]), (2_000, "A", ["A"]), (2_000, "Z", [])])
def test_the_original_was_created_before_its_refill_and_in_one_second_has_the_lesser_id(
    created: int, name: str, found: list[str]
) -> None:
    original = Life(name, created=created)
    assert possible(original.event(M.PAID_OUT, 2_000)) == found


@pytest.mark.parametrize("unknown", [A, B])
def test_nothing_is_linked_to_or_from_an_offer_of_unknown_age(unknown: Life) -> None:
    account = Account()
    for event in (A.event(M.PAID_OUT, 1_200), B.event(M.CREATED, OFFERED)):
        fields = dict(event.snapshot.fields)
        if event.snapshot.offer == unknown.id:
            del fields["created"]
        account.hear(replace(event, snapshot=replace(event.snapshot, fields=fields)))
    assert account.link("B") is None


def test_another_currency_may_not_be_refilled() -> None:
    assert possible(*A.with_(currency="eur").funded()) == []


@pytest.mark.parametrize("end", [M.FULLY_REPAID, M.CANCELED])
@pytest.mark.parametrize(("second", "found"), [(1_999, []), (2_000, ["A"]), (2_001, ["A"])])
def test_a_financing_that_ended_before_may_not_be_refilled_and_one_that_ended_in_that_second_may(
    end: Milestone, second: int, found: list[str]
) -> None:
    assert possible(*A.funded(), A.event(end, second)) == found


def test_an_end_of_which_nobody_knows_the_time_is_not_known_to_have_been_before() -> None:
    assert possible(*A.funded(), api(A, "fully_repaid")) == ["A"]
    assert possible(*A.funded(), api(A, "fully_repaid", status_transitions__fully_repaid_at=1_999)) == []


def test_either_end_is_enough() -> None:
    assert possible(*A.funded(), A.event(M.FULLY_REPAID, 1_500), A.event(M.CANCELED, 9_000)) == []
    assert possible(*A.funded(), A.event(M.FULLY_REPAID, 9_000), A.event(M.CANCELED, 1_500)) == []


def test_the_latest_paid_out_comes_last_and_of_one_second_the_greater_id() -> None:
    offers = [Life("P", created=1_000), Life("Q", created=1_001), Life("R", created=999)]
    payouts = [1_500, 1_400, 1_500]
    facts = [life.event(M.PAID_OUT, second) for life, second in zip(offers, payouts, strict=True)]
    assert possible(*facts) == ["Q", "P", "R"]


def test_one_candidate_is_taken_and_inferred() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, OFFERED))
    assert account.link("B") == Link("A", "only_candidate", "inferred")
    assert account.told[-1] == "B:linked:1"


def test_of_several_the_latest_paid_out_is_taken_and_a_person_is_told_of_the_doubt() -> None:
    account = Account()
    account.hear(*A.funded(), *Life("D", created=1_300).funded(), B.event(M.CREATED, OFFERED))
    assert account.link("B") == Link("D", "latest_candidate", "ambiguous")
    assert account.attention() == [("ambiguous_link", "B")]
    account.survey(country="US")
    assert account.link("B") == Link("D", "latest_candidate", "ambiguous"), "a survey cannot tell which"
    assert account.attention() == [("ambiguous_link", "B")]


def test_none_is_unresolved_and_a_person_is_told_only_after_the_survey_has_not_helped() -> None:
    account = Account()
    assert account.hear(B.event(M.CREATED, OFFERED)) == ["B:created"]
    assert account.survey(country="US") == ["attention:unresolved_link:B"]
    assert account.link("B") is None


def test_a_failed_survey_has_not_helped_either() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, OFFERED))
    assert account.fail("survey") == ["attention:unresolved_link:B"]


def test_a_survey_that_shows_the_original_raises_nothing_and_confirms() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, OFFERED))
    account.survey(A.observed("paid_out", id="obs_A"), country="US")
    assert account.link("B") == Link("A", "only_candidate", "confirmed")
    assert account.attention() == []
    assert "B:linked:1" in account.told


def test_the_survey_confirms_a_link_that_was_inferred_under_a_new_revision() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, OFFERED))
    assert account.survey(country="US") == ["B:linked:2"]
    assert account.link("B") == Link("A", "only_candidate", "confirmed")


def test_a_transaction_with_reason_refill_settles_the_link_of_the_one_refill_it_can_mean() -> None:
    account = Account()
    account.hear(*A.funded(), *Life("D", created=1_300).funded(), B.event(M.CREATED, OFFERED))
    assert account.hear(transaction(offer="A", reason="refill")) == ["cptxn_1:recorded", "B:linked:2"]
    assert account.link("B") == Link("A", "transaction", "confirmed")


@pytest.mark.parametrize("first", ["refill", "transaction"])
def test_it_settles_nothing_where_two_refills_have_the_offer_among_their_candidates(first: str) -> None:
    account = Account()
    account.hear(*A.funded(), *Life("D", created=1_300).funded())
    facts: list[Fact] = [
        B.event(M.CREATED, OFFERED),
        Life("C", "refill", 2_050).event(M.CREATED, 2_050),
        transaction(offer="A", reason="refill"),
    ]
    account.hear(*(facts if first == "refill" else reversed(facts)))
    assert account.link("B") == account.link("C") == Link("D", "latest_candidate", "ambiguous")


def test_it_settles_nothing_where_the_named_offer_is_no_candidate() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, OFFERED), transaction(offer="elsewhere", reason="refill"))
    assert account.link("B") == Link("A", "only_candidate", "inferred")


@pytest.mark.parametrize(("reason", "offer"), [("collection", "A"), ("refill", None)])
def test_another_reason_or_no_offer_settles_nothing(reason: str, offer: str | None) -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, OFFERED), transaction(reason=reason, offer=offer))
    assert account.state.refilled == frozenset()
    assert account.link("B") == Link("A", "only_candidate", "inferred")


def test_of_two_that_transactions_settle_the_latest_paid_out_is_taken() -> None:
    account = Account()
    account.hear(*A.funded(), *Life("D", created=1_300).funded(), B.event(M.CREATED, OFFERED))
    account.hear(transaction(offer="D", reason="refill"), transaction("cptxn_2", offer="A", reason="refill"))
    assert account.link("B") == Link("D", "transaction", "confirmed")


def test_a_standard_offer_is_linked_to_nothing() -> None:
    account = Account()
    account.hear(*A.funded(), Life("D", created=OFFERED).event(M.CREATED, OFFERED))
    assert account.link("D") is None
    assert account.due("survey") is None


def test_a_survey_that_failed_confirms_no_link() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.fail("survey")
    assert account.link("B") == Link("A", "only_candidate", "inferred")


@pytest.mark.parametrize(
    ("shown", "link"),
    [
        # Canceled after a payout whose own event was lost, and still open when B was offered.
        (A.event(M.CANCELED, 2_500, status_transitions__paid_out_at=1_200), Link("A", "only_candidate", "inferred")),
        # Rendered late: the object of an early event shows the payout's time.
        (A.event(M.ACCEPTED, 1_100, status_transitions__paid_out_at=1_200), Link("A", "only_candidate", "inferred")),
    ],
    ids=["canceled", "accepted"],
)
def test_a_time_of_payout_is_a_fact_that_shows_a_payout(shown: OfferEvent, link: Link) -> None:
    account = Account()
    account.hear(A.event(M.CREATED, 1_000), shown, B.event(M.CREATED, 2_000))
    assert account.link("B") == link


def test_a_time_of_repayment_is_a_fact_that_shows_an_end() -> None:
    account = Account()
    ended = A.event(M.PAID_OUT, 1_200, status_transitions__fully_repaid_at=1_900)
    account.hear(A.event(M.CREATED, 1_000), ended, B.event(M.CREATED, 2_000))
    assert account.link("B") is None


def test_offers_of_which_nobody_knows_the_currency_are_not_known_to_have_the_same() -> None:
    account = Account()
    for each in (A.event(M.PAID_OUT, 1_200), B.event(M.CREATED, 2_000)):
        fields = {name: value for name, value in each.snapshot.fields.items() if not name.endswith(".currency")}
        account.hear(replace(each, snapshot=replace(each.snapshot, fields=fields)))
    assert account.link("B") is None


def test_a_survey_that_shows_nothing_confirms_nothing() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.survey(country=None)
    assert account.link("B") == Link("A", "only_candidate", "inferred")


def test_a_survey_that_fails_later_takes_no_confirmation_back() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, OFFERED))
    account.survey(country="US")
    account.hear(Life("C", "refill", 3_000).event(M.CREATED, 3_000))
    account.fail("survey")
    assert account.link("B") == Link("A", "only_candidate", "confirmed")
    assert account.link("C") == Link("A", "only_candidate", "inferred")


def test_a_survey_that_shows_offers_confirms_even_where_it_shows_no_country() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, OFFERED))
    account.survey(A.observed("paid_out", id="obs_A"), country=None)
    assert account.link("B") == Link("A", "only_candidate", "confirmed")
