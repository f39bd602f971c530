"""Holds (G5): when Stripe is asked about what is missing, what counts as an answer, and how waiting ends."""

from dataclasses import replace
from itertools import permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, with_fields
from worker.rules.draft import Timing
from worker.rules.facts import LookupFailed, OfferAnswered
from worker.rules.milestones import Milestone

M = Milestone
SECOND = 1_000
MINUTE = 60 * SECOND
A = Life("A")
B = Life("B", "refill", 2_000)
UK_A, UK_B = A.with_(currency="gbp"), B.with_(currency="gbp")
BLIND = "a word of tomorrow"


def blind(life: Life, milestone: Milestone, created: int) -> Account:
    """An account that heard one event whose snapshot proves nothing but the creation."""
    account = Account()
    account.hear(life.event(milestone, created, accepted=False, status=BLIND))
    return account


def failed(offer: str, due: int) -> LookupFailed:
    return LookupFailed("offer", offer, due)


def test_within_an_offer_stripe_is_asked_after_60_seconds_then_after_120_and_240_more() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    assert account.due("offer", "A") == 60 * SECOND
    account.fail("offer", "A")
    assert account.due("offer", "A") == (60 + 120) * SECOND
    account.fail("offer", "A")
    assert account.due("offer", "A") == (60 + 120 + 240) * SECOND
    assert account.told == []
    account.fail("offer", "A")
    assert account.due("offer", "A") is None
    assert account.status("A") is M.PAID_OUT


@pytest.mark.parametrize("gate", ["G2", "G3"])
def test_between_offers_stripe_is_asked_after_15_minutes_then_after_30_and_60_more(gate: str) -> None:
    account = Account()
    if gate == "G2":
        account.hear(*A.funded(), *B.funded())
    else:
        account.hear(*UK_A.funded(), *UK_B.funded(), UK_B.event(M.FULLY_REPAID, 9_000))
    for minutes in (15, 15 + 30, 15 + 30 + 60):
        assert account.due("offer", "A") == minutes * MINUTE
        told = account.fail("offer", "A")
    assert told[0] in {"B:paid_out", "B:fully_repaid"}
    assert account.due("offer", "A") is None
    assert account.attention()[-1] == ("gap", "B")


def test_the_time_doubles_from_the_answer_on_however_late_it_came() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.hear(failed("A", 60 * SECOND), at=500 * SECOND)
    assert account.due("offer", "A") == (500 + 120) * SECOND


def test_the_graces_are_settings() -> None:
    account = Account(Timing(order=7, gate=11))
    account.hear(*A.funded(), *B.funded(), Life("D", created=5_000).event(M.PAID_OUT, 5_200))
    assert account.due("offer", "D") == 7
    assert account.due("offer", "A") == 11
    account.fail("offer", "D")
    assert account.due("offer", "D") == 7 + 14


def test_an_answer_asked_for_before_it_was_due_does_not_count() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    for _ in range(5):
        account.hear(failed("A", 60 * SECOND - 1), at=90 * SECOND)
    assert account.hold("A", M.PAID_OUT).attempts == 0
    assert account.due("offer", "A") == 60 * SECOND


def test_the_same_answer_again_does_not_count_again() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.hear(*[failed("A", 60 * SECOND)] * 5, at=60 * SECOND)
    assert account.hold("A", M.PAID_OUT).attempts == 1


def test_an_answer_about_another_offer_does_not_count() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.hear(failed("B", 60 * SECOND), LookupFailed("summary", "", 60 * SECOND), at=60 * SECOND)
    account.hear(LookupFailed("survey", "", 60 * SECOND))
    assert account.hold("A", M.PAID_OUT).attempts == 0


def test_a_404_is_an_answer_that_counts() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.show("A", None)
    assert account.hold("A", M.PAID_OUT).attempts == 1


def test_an_answer_releases_what_it_proves_as_known_by_the_api() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    observed = with_fields(A.observed("paid_out"), {"status_transitions.accepted_at": 1_100})
    assert account.show("A", observed)[:3] == ["A:created", "A:accepted", "A:paid_out"]
    assert account.release("A:accepted").basis == "api"
    assert account.release("A:accepted").occurred_at == 1_100
    assert account.release("A:created").occurred_at is None
    assert account.release("A:paid_out").basis == "event"
    assert account.release("A:paid_out").gap == ()


def test_one_answer_counts_for_every_hold_that_was_due_and_asks_about_it() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded(), *B.with_(id="C", created=2_050).funded())
    account.hear(*B.with_(id="E", created=2_060).funded(), at=MINUTE)
    account.fail("offer", "A")
    assert [account.hold(refill, M.PAID_OUT).attempts for refill in "BCE"] == [1, 1, 0]


def test_what_an_answer_opens_is_released_and_what_it_leaves_is_counted() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.hear(A.event(M.FULLY_REPAID, 9_000, accepted=False, status=BLIND))
    account.show("A", A.observed("delivered"))
    assert account.told == ["A:created"]
    assert account.hold("A", M.PAID_OUT).attempts == 1
    assert account.hold("A", M.FULLY_REPAID).attempts == 1


def test_when_waiting_ends_what_the_own_snapshot_proves_is_implied_and_the_rest_is_a_gap() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    told = account.wait_in_vain("A")
    assert told[:2] == ["A:created", "A:paid_out"]
    assert told[-1] == "attention:gap:A"
    created, paid_out = account.release("A:created"), account.release("A:paid_out")
    assert (created.basis, created.occurred_at, created.gap) == ("implied", None, ())
    assert (paid_out.basis, paid_out.occurred_at, paid_out.gap) == ("event", 1_200, ("A:accepted",))


def test_the_proof_may_have_come_with_another_event_of_the_same_type() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.hear(A.event(M.PAID_OUT, 1_300, id="evt_twin"))
    account.wait_in_vain("A")
    assert account.release("A:accepted").basis == "implied"
    assert account.release("A:paid_out").gap == ()


def test_only_the_waiting_milestones_own_snapshot_proves() -> None:
    account = blind(A, M.CANCELED, 1_200)
    # The creation's event was rendered late and shows an acceptance: its object is a snapshot of something else.
    account.hear(A.event(M.CREATED, 1_000, accepted=True))
    account.wait_in_vain("A")
    assert account.release("A:canceled").gap == ("A:accepted",)
    assert "A:accepted" not in account.told


def test_a_closer_implies_an_acceptance_only_where_its_terms_show_it() -> None:
    account = Account()
    account.hear(A.event(M.REJECTED, 1_200, accepted=False), Life("D").event(M.REJECTED, 1_200, accepted=True))
    account.wait_in_vain("A")
    account.wait_in_vain("D")
    assert account.release("A:rejected").gap == ("A:accepted",)
    assert account.release("D:rejected").gap == ()
    assert account.release("D:accepted").basis == "implied"


def test_what_arrives_after_a_gap_is_late_and_after_an_implication_is_nothing_new() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.wait_in_vain("A")
    assert account.hear(A.event(M.CREATED, 1_000)) == []
    assert account.hear(A.event(M.ACCEPTED, 1_100)) == ["A:accepted"]
    assert account.release("A:accepted").late
    assert account.release("A:accepted").basis == "event"
    assert account.status("A") is M.PAID_OUT


def test_an_original_that_ends_after_a_gap_was_declared_ends_all_the_same() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.wait_in_vain("A")
    assert account.release("B:paid_out").gap == ("A:fully_repaid",)
    assert account.active() == ["B"], "the payout closed it, proven or not"
    assert account.hear(A.event(M.FULLY_REPAID, 2_200)) == ["A:fully_repaid"]


def test_an_implied_payout_of_a_refill_goes_through_its_own_gates() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.FULLY_REPAID, 9_000))
    account.wait_in_vain("B")
    assert [told for told in account.told if told.startswith("B:")][:2] == ["B:created", "B:accepted"]
    assert account.hold("B", M.PAID_OUT).gate == "G2"
    assert account.hold("B", M.FULLY_REPAID).waiting_for == ("B:paid_out",)
    told = account.hear(A.event(M.FULLY_REPAID, 2_200))
    assert told.index("B:paid_out") < told.index("B:fully_repaid")
    assert account.release("B:paid_out").basis == "implied"


def test_a_hold_keeps_its_time_while_it_waits_behind_the_same_gate_for_less() -> None:
    account = blind(A, M.FULLY_REPAID, 9_000)
    account.fail("offer", "A")
    before = account.hold("A", M.FULLY_REPAID)
    account.hear(A.event(M.CREATED, 1_000), at=100 * SECOND)
    assert account.hold("A", M.FULLY_REPAID) == replace(before, waiting_for=("A:accepted", "A:paid_out"))


def test_another_gate_has_a_time_of_its_own_but_the_milestone_waits_since_it_came() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.PAID_OUT, 2_200), at=SECOND)
    assert (account.hold("B", M.PAID_OUT).gate, account.hold("B", M.PAID_OUT).due) == ("G1", 61 * SECOND)
    account.hear(*B.events(M.CREATED, M.ACCEPTED), at=MINUTE)
    held = account.hold("B", M.PAID_OUT)
    assert (held.gate, held.since, held.attempts, held.due) == ("G2", SECOND, 0, MINUTE + 15 * MINUTE)


def test_another_original_has_a_time_of_its_own() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    account.fail("offer", "A")
    assert account.hold("B", M.PAID_OUT).attempts == 1
    account.hear(*Life("D", created=1_300).funded(), at=20 * MINUTE)
    held = account.hold("B", M.PAID_OUT)
    assert (held.concerns, held.attempts, held.due) == (("D",), 0, 35 * MINUTE)


def test_each_milestone_waits_out_its_own_time_and_leaves_nothing_behind() -> None:
    account = blind(A, M.PAID_OUT, 1_200)
    account.hear(A.event(M.FULLY_REPAID, 9_000, accepted=False, status=BLIND), at=30 * SECOND)
    while "A:paid_out" not in account.told:
        account.fail("offer", "A")
    assert account.now == (60 + 120 + 240) * SECOND
    assert account.hold("A", M.FULLY_REPAID).waiting_for == ("A:accepted",)
    while account.due("offer", "A") is not None:
        account.fail("offer", "A")
    assert account.now == (30 + 60 + 120 + 240) * SECOND
    assert account.release("A:fully_repaid").gap == ("A:accepted",)
    assert account.offer("A").holds == {}
    assert account.offer("A").gaps == {}
    assert account.attention() == [("gap", "A")]


def test_an_answer_that_comes_when_nothing_waits_changes_nothing_but_what_is_known() -> None:
    account = Account()
    account.hear(*A.funded())
    assert account.hear(OfferAnswered("A", 0, A.observed("paid_out")), failed("A", 0), failed("Z", 0)) == []
    assert "Z" not in account.state.offers


def test_a_gap_names_only_what_is_still_missing_at_the_release() -> None:
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
    account = Account()
    account.hear(A.event(M.REJECTED, 1_150, accepted=False), A.event(M.PAID_OUT, 1_200))
    told = account.wait_in_vain("A")
    assert told.index("A:accepted") < told.index("A:rejected")
    assert account.release("A:rejected").gap == ()


def test_what_an_event_tells_is_not_called_implied_because_another_event_proves_it_too() -> None:
    account = Account()
    account.hear(A.event(M.FULLY_REPAID, 9_000))
    account.hear(A.event(M.PAID_OUT, 1_200, accepted=False, status=BLIND), at=30 * SECOND)
    while "A:fully_repaid" not in account.told:
        account.fail("offer", "A")
    assert account.release("A:accepted").basis == "implied"
    assert account.release("A:paid_out").basis == "event"


def test_an_implied_milestone_has_no_time_even_where_its_transition_is_shown() -> None:
    account = Account()
    account.hear(A.event(M.PAID_OUT, 1_200, status_transitions__accepted_at=1_100))
    account.wait_in_vain("A")
    assert account.release("A:accepted").occurred_at is None


def test_a_proof_that_comes_while_a_milestone_waits_behind_its_next_gate_still_closes_the_gap() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.hear(B.event(M.PAID_OUT, 2_200, accepted=False, status=BLIND))
    account.wait_in_vain("B")
    assert account.hold("B", M.PAID_OUT).gate == "G2"
    account.hear(B.event(M.PAID_OUT, 2_200, id="evt_twin"))
    account.hear(A.event(M.FULLY_REPAID, 2_200))
    assert account.release("B:paid_out").gap == ()
    assert account.release("B:accepted").basis == "implied"


@pytest.mark.parametrize("loaded", list(permutations("ABC")))
def test_of_holds_that_end_at_once_the_oldest_offers_are_told_first_however_they_were_loaded(
    loaded: tuple[str, ...],
) -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded(), *B.with_(id="C", created=2_050).funded())
    account.fail("offer", "A")
    account.fail("offer", "A")
    account.state = replace(account.state, offers={offer: account.offer(offer) for offer in loaded})
    told = account.fail("offer", "A")
    assert [name for name in told if name.endswith(":paid_out")] == ["B:paid_out", "C:paid_out"]


@pytest.mark.parametrize("original", ["A", "Z"])
def test_what_a_refill_waits_for_is_no_gap_where_it_is_given_up_in_the_same_moment(original: str) -> None:
    account = Account(Timing(order=0, gate=0))
    first = A.with_(id=original)
    account.hear(*B.funded(), first.event(M.PAID_OUT, 1_200), first.event(M.FULLY_REPAID, 2_200))
    account.wait_in_vain(original)
    assert account.release("B:paid_out").gap == ()
    assert account.told.index(f"{original}:fully_repaid") < account.told.index("B:paid_out")
