"""Where the design says one thing and the rules do another: each test quotes the sentence it holds the rules to."""

from dataclasses import replace

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, transaction, with_fields
from tests.rules.records import Lane, event, offer
from worker.rules.facts import LookupFailed, OfferEvent, SurveyAnswered
from worker.rules.milestones import Milestone
from worker.rules.policy import resolve
from worker.rules.state import Decided, Link, Offer, Seen
from worker.rules.statuses import proven_by

M = Milestone
A = Life("A")
B = Life("B", "refill", 2_000, rate="0.2", discount_rate="0.5")
C = Life("C", "refill", 3_000, rate="0.3")


def test_a_chain_that_only_a_survey_shows_is_announced_up_to_its_first_financing() -> None:
    """An offer is announced when it is the original of an announced refill."""
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
    # Stripe showed everything, but A is never released: B.paid_out waits 105 minutes and is told over a false gap.
    assert account.offer("A").announced
    assert "B:paid_out" in account.told


def test_a_survey_that_failed_confirms_no_link() -> None:
    """The survey makes a link `confirmed` (before: `inferred`)."""
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.fail("survey")
    assert account.link("B") == Link("A", "only_candidate", "inferred")


def test_a_gap_names_only_what_is_still_missing_at_the_release() -> None:
    """The milestone is released with `gap` naming what is missing."""
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.hear(B.event(M.PAID_OUT, 2_200, accepted=False, status="a word of tomorrow"))
    account.wait_in_vain("B")
    # The payout has given up its acceptance and waits for the original; meanwhile the acceptance comes and is told.
    assert account.hear(B.event(M.ACCEPTED, 2_100)) == ["B:accepted"]
    account.hear(A.event(M.FULLY_REPAID, 2_200))
    assert account.release("B:paid_out").gap == ()
    assert account.attention() == []


def test_a_gap_does_not_name_what_another_milestones_snapshot_proves_in_the_same_moment() -> None:
    """The milestone is released with `gap` naming what is missing."""
    account = Account()
    account.hear(A.event(M.REJECTED, 1_150, accepted=False), A.event(M.PAID_OUT, 1_200))
    told = account.wait_in_vain("A")
    assert told.index("A:accepted") < told.index("A:rejected")
    assert account.release("A:rejected").gap == ()


@pytest.mark.parametrize("refill_first", [True, False])
def test_what_turns_out_to_be_no_refill_ends_with_the_same_link_in_either_order(
    refill_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """For every permutation of a history's events: the same final tables (…, link, …)."""
    account = Account()
    low, high = B.event(M.CREATED, 2_000), B.with_(product_type="standard").event(M.ACCEPTED, 2_100)
    account.hear(*A.funded(), *((low, high) if refill_first else (high, low)))
    assert account.link("B") is None


@pytest.mark.parametrize("failure", [True, False])
def test_an_old_survey_that_comes_again_does_not_answer_for_a_refill_heard_of_since(
    failure: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """G4: refill.paid_out waits for the survey's answer; the survey is asked at once when `created` is released."""
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
    """Survey of an account: at once when a refill's `created` is released."""
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    account.hear(SurveyAnswered("s", 0, 1, 2, None, (C.observed("delivered"),)), LookupFailed("survey", "", 0))
    account.hear(C.event(M.CREATED, 3_000), at=20)
    assert account.due("survey") == 20


def test_a_refill_that_is_known_as_one_only_after_its_creation_was_told_is_surveyed_too() -> None:
    """None: unresolved; attention once the survey has not helped. Product types are optional, so they may come late."""
    account = Account()
    untyped = B.with_(product_type=None, currency="gbp")
    account.hear(untyped.event(M.CREATED, 2_000), untyped.with_(product_type="refill").event(M.ACCEPTED, 2_100))
    assert account.due("survey") is not None


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
    """Candidates: offers that were paid out (by any fact known, released or not)."""
    account = Account()
    account.hear(A.event(M.CREATED, 1_000), shown, B.event(M.CREATED, 2_000))
    assert account.link("B") == link


def test_a_time_of_repayment_is_a_fact_that_shows_an_end() -> None:
    """Candidates: … that are not known to have ended (fully_repaid, canceled) before it."""
    account = Account()
    ended = A.event(M.PAID_OUT, 1_200, status_transitions__fully_repaid_at=1_900)
    account.hear(A.event(M.CREATED, 1_000), ended, B.event(M.CREATED, 2_000))
    assert account.link("B") is None


@pytest.mark.parametrize("first", [0, 1])
def test_two_contents_of_a_transaction_under_one_event_id_do_not_depend_on_arrival(first: int) -> None:
    """For every permutation: the same final tables (…, transactions). Decision 4 says so of two contents of one id."""
    account = Account()
    both = [transaction(total_amount=7), transaction(total_amount=8)]
    account.hear(both[first], both[1 - first])
    assert account.state.transactions["cptxn_1"].transaction.total_amount == 8, "the greater text, as fields merge"


def test_a_replacement_of_the_same_second_inherits_too() -> None:
    """A replacement inherits the link of the refill it replaces."""
    account = Account()
    account.hear(*A.funded(), B.with_(id="Z").event(M.CREATED, 2_000))
    account.hear(B.with_(replacement_for="Z").event(M.CREATED, 2_000, replaces=True))
    assert account.link("B") == Link("A", "inherited", "inferred")


def test_offers_of_which_nobody_knows_the_currency_are_not_known_to_have_the_same() -> None:
    """Candidates: offers of the same account, mode and currency."""
    account = Account()
    for each in (A.event(M.PAID_OUT, 1_200), B.event(M.CREATED, 2_000)):
        fields = {name: value for name, value in each.snapshot.fields.items() if not name.endswith(".currency")}
        account.hear(replace(each, snapshot=replace(each.snapshot, fields=fields)))
    assert account.link("B") is None


def test_an_older_offers_currency_is_no_answer_where_the_youngest_has_another() -> None:
    """Policy: … the currency (gbp, eur stacked; usd, aud pay-down; others unknown). Unknown never becomes a guess."""
    rank = (0, 0, "")
    old = Offer("A", fields={"created": Seen(1, rank), "offered_terms.currency": Seen("usd", rank)})
    young = Offer("B", fields={"created": Seen(2, rank), "offered_terms.currency": Seen("cad", rank)})
    assert resolve(None, [old, young]) == Decided("unknown", None)


def test_an_answer_whose_status_names_a_milestone_proves_it() -> None:
    """An observation of an offer makes known, basis `api`, every milestone that its status proves."""
    assert M.ACCEPTED_OTHER_OFFER in proven_by("accepted_other_offer", accepted=False)


def test_a_charge_off_of_an_offer_nobody_announced_is_not_told() -> None:
    """Only announced offers' milestones are released, so a first survey does not tell an account's whole past."""
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    past = Life("P", created=100)
    account.survey(past.observed("paid_out", charged_off_at=900, status_transitions__paid_out_at=3_000), country="US")
    assert ("charged_off", "P") not in account.attention()
    account.hear(past.event(M.PAID_OUT, 300))
    assert ("charged_off", "P") in account.attention()


def test_a_record_of_one_account_whose_object_has_no_proper_id_parks_that_account() -> None:
    """A record is attributable when it decodes and names one account and a boolean `livemode`."""
    lane = Lane()
    lane.take(event("financing_offer.created", offer(id=5)))
    assert (len(lane.unattributable), len(lane.invalid)) == (0, 1)
