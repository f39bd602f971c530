"""Links that change: replacements, chains, late facts, and what downstream is told of it."""

from dataclasses import replace
from itertools import permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life, transaction
from worker.rules.facts import OfferEvent
from worker.rules.milestones import Milestone
from worker.rules.releases import RefillLinked
from worker.rules.state import Link
from worker.store.codec import decode_offer, encode_offer

M = Milestone
A = Life("A")
D = Life("D", created=1_300)
B = Life("B", "refill", 2_000)
REPLACEMENT = B.with_(id="E", created=2_500, replacement_for="B")


def links_told(account: Account, refill: str) -> list[tuple[int, str | None]]:
    """(revision, original) of every link of a refill that downstream was told, in order."""
    return [
        (release.revision, None if release.link is None else release.link.original)
        for release in account.releases
        if isinstance(release, RefillLinked) and release.refill == refill
    ]


def test_a_replacement_inherits_what_the_replaced_refill_was_linked_by() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), *D.with_(created=2_100).funded())
    account.hear(REPLACEMENT.event(M.CREATED, 2_500, replaces=True))
    assert account.link("E") == Link("A", "inherited", "inferred")
    account.survey(country="US")
    assert account.link("E") == Link("A", "inherited", "confirmed")


def test_a_doubt_is_inherited_with_the_link() -> None:
    account = Account()
    account.hear(*A.funded(), *D.funded(), B.event(M.CREATED, 2_000))
    account.hear(REPLACEMENT.event(M.CREATED, 2_500, replaces=True))
    assert account.link("E") == Link("D", "inherited", "ambiguous")
    assert account.attention() == [("ambiguous_link", "B"), ("ambiguous_link", "E")]


def test_what_replaces_a_refill_without_a_link_is_linked_by_its_own_candidates() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000), *D.with_(created=2_100).funded())
    account.hear(REPLACEMENT.event(M.CREATED, 2_500, replaces=True))
    assert account.link("B") is None
    assert account.link("E") == Link("D", "only_candidate", "inferred")


def test_a_replacement_of_a_replacement_inherits_too() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), *D.with_(created=2_100).funded())
    account.hear(REPLACEMENT.event(M.CREATED, 2_500, replaces=True))
    last = B.with_(id="F", created=2_700, replacement_for="E")
    account.hear(last.event(M.CREATED, 2_700, replaces=True))
    assert account.link("F") == Link("A", "inherited", "inferred")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_replaced_refill_may_be_heard_of_at_any_time(order: tuple[int, ...]) -> None:
    facts = [
        A.event(M.PAID_OUT, 1_200),
        B.event(M.CREATED, 2_000),
        D.event(M.PAID_OUT, 2_200),
        REPLACEMENT.event(M.CREATED, 2_500, replaces=True),
    ]
    account = Account()
    account.hear(*(facts[number] for number in order))
    assert account.link("E") == Link("A", "inherited", "inferred")


def test_a_refill_can_be_an_original_itself() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded(), A.event(M.FULLY_REPAID, 2_200))
    third = Life("C", "refill", 3_000)
    account.hear(third.event(M.CREATED, 3_000))
    assert account.link("C") == Link("B", "only_candidate", "inferred")
    assert account.link("B") == Link("A", "only_candidate", "inferred")


def test_a_link_is_told_only_after_its_refills_creation() -> None:
    account = Account()
    account.hear(*A.funded())
    account.hear(B.event(M.ACCEPTED, 2_100))
    assert account.link("B") == Link("A", "only_candidate", "inferred")
    assert links_told(account, "B") == []
    assert account.hear(B.event(M.CREATED, 2_000)) == [
        "B:created",
        "B:accepted",
        "B:linked:1",
    ]


def test_no_doubt_is_raised_before_the_refills_creation_was_told() -> None:
    account = Account()
    account.hear(*A.funded(), *D.funded(), B.event(M.ACCEPTED, 2_100))
    assert account.attention() == []
    assert account.hear(B.event(M.CREATED, 2_000))[-1] == "attention:ambiguous_link:B"


def test_late_facts_correct_a_link_and_each_correction_has_the_next_revision() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    account.hear(D.event(M.PAID_OUT, 1_500))
    assert account.hear(A.event(M.PAID_OUT, 1_600)) == ["B:linked:2", "attention:ambiguous_link:B"]
    # It turns out that A was repaid before B was offered.
    assert account.hear(A.event(M.FULLY_REPAID, 1_900)) == ["B:linked:3"]
    assert links_told(account, "B") == [(1, "D"), (2, "A"), (3, "D")]
    assert account.offer("B").link_revision == 3


def test_a_link_that_late_facts_disprove_is_withdrawn() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000), A.event(M.PAID_OUT, 1_500))
    account.hear(A.event(M.FULLY_REPAID, 1_900))
    assert account.link("B") is None
    assert links_told(account, "B") == [(1, "A"), (2, None)]


@pytest.mark.parametrize(
    "late",
    [
        A.event(M.PAID_OUT, 1_200, id="evt_other", status_transitions__paid_out_at=2_001),
        A.event(M.PAID_OUT, 1_200, id="evt_other", offered_terms__currency="eur", accepted_terms__currency="eur"),
        A.with_(created=2_001).event(M.PAID_OUT, 1_200, id="evt_other"),
        A.event(M.CANCELED, 1_999),
    ],
    ids=["payout", "currency", "creation", "cancellation"],
)
def test_every_fact_that_a_link_rests_on_corrects_it(late: OfferEvent) -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000), A.event(M.PAID_OUT, 1_200, id="evt_first"))
    assert account.link("B") == Link("A", "only_candidate", "inferred")
    account.hear(late)
    assert account.link("B") is None


def test_facts_that_no_link_rests_on_tell_nothing_again() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.hear(transaction(), B.event(M.ACCEPTED, 2_100), A.event(M.FULLY_REPAID, 9_000))
    assert links_told(account, "B") == [(1, "A")]


def test_a_cancellation_implies_no_payout_that_could_make_an_original() -> None:
    account = Account()
    first = Life("A", "refill", 1_000)
    account.hear(first.event(M.CANCELED, 2_500, status="paid_out", accepted=True), B.event(M.CREATED, 2_000))
    assert account.link("B") is None
    account.fail("survey")
    account.wait_in_vain("A")
    assert account.status("A") is M.CANCELED
    assert account.link("B") is None


def test_gates_ask_the_link_that_is_known_when_they_are_asked() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    assert account.hold("B", M.PAID_OUT).concerns == ("A",)
    # D is paid out later than A and repaid in the second of B's payout.
    account.hear(*D.funded())
    assert account.hold("B", M.PAID_OUT).concerns == ("D",)
    assert "B:paid_out" in account.hear(D.event(M.FULLY_REPAID, 2_200))
    assert account.release("B:paid_out").gap == ()


def test_the_notification_of_a_milestone_carries_the_link() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    assert account.release("B:created").offer.link == Link("A", "only_candidate", "inferred")


def test_what_turns_out_to_be_no_refill_survives_storage() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.hear(B.with_(product_type="standard").event(M.ACCEPTED, 2_100))
    stored = {name: decode_offer(name, encode_offer(each)) for name, each in account.state.offers.items()}
    assert stored == account.state.offers
    account.state = replace(account.state, offers=stored)
    account.hear(A.event(M.FULLY_REPAID, 9_000))


@pytest.mark.parametrize("refill_first", [True, False])
def test_what_turns_out_to_be_no_refill_ends_with_the_same_link_in_either_order(
    refill_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    account = Account()
    low, high = B.event(M.CREATED, 2_000), B.with_(product_type="standard").event(M.ACCEPTED, 2_100)
    account.hear(*A.funded(), *((low, high) if refill_first else (high, low)))
    assert account.link("B") is None


def test_a_replacement_of_the_same_second_inherits_too() -> None:
    account = Account()
    account.hear(*A.funded(), B.with_(id="Z").event(M.CREATED, 2_000))
    account.hear(B.with_(replacement_for="Z").event(M.CREATED, 2_000, replaces=True))
    assert account.link("B") == Link("A", "inherited", "inferred")


def test_a_link_that_was_told_of_what_is_no_refill_after_all_is_withdrawn() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    assert "B:linked:1" in account.told
    account.hear(B.with_(product_type="standard").event(M.ACCEPTED, 2_100))
    told = [release for release in account.releases if isinstance(release, RefillLinked)]
    assert told[-1] == RefillLinked("B", None, 2)
    assert account.offer("B").link_told is None


def test_a_replacement_inherits_the_link_that_the_replaced_refill_has_whatever_that_one_replaced() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000), *Life("D", created=2_100).funded())
    second = B.with_(id="E", created=2_500, replacement_for="B")
    account.hear(second.event(M.CREATED, 2_500, replaces=True))
    assert account.link("E") == Link("D", "only_candidate", "inferred")
    account.hear(*Life("F", created=2_600).funded())
    third = B.with_(id="G", created=3_000, replacement_for="E")
    account.hear(third.event(M.CREATED, 3_000, replaces=True))
    assert account.link("G") == Link("D", "inherited", "inferred")


def test_a_replacement_that_is_older_than_what_it_replaces_is_not_linked_to_itself() -> None:
    account = Account()
    replacement = Life("E", "refill", 1_500, replacement_for="B")
    account.hear(*replacement.funded(), B.event(M.CREATED, 2_000))
    link = account.link("E")
    assert link is None or link.original != "E"


def test_refills_that_replace_each_other_inherit_nothing_of_themselves() -> None:
    account = Account()
    account.hear(*A.funded(), B.with_(replacement_for="E").event(M.CREATED, 2_000))
    account.hear(REPLACEMENT.event(M.CREATED, 2_500), B.with_(id="F", replacement_for="F").event(M.CREATED, 2_600))
    assert {account.offer(refill).link_told for refill in "BE"} == {Link("A", "inherited", "inferred")}
    assert account.link("F") == Link("A", "only_candidate", "inferred")


def test_a_replacement_that_is_known_as_one_only_later_inherits_then() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000))
    account.hear(REPLACEMENT.with_(replacement_for=None).event(M.CREATED, 2_500))
    assert account.link("E") == Link("A", "only_candidate", "inferred")
    account.hear(REPLACEMENT.event(M.ACCEPTED, 2_600))
    assert account.link("E") == Link("A", "inherited", "inferred")


def test_the_refills_of_an_account_are_kept_in_one_order_whichever_came_first() -> None:
    account = Account()
    account.hear(REPLACEMENT.event(M.CREATED, 2_500), B.event(M.CREATED, 2_000))
    assert account.state.refills == ("B", "E")


def test_two_refills_do_not_refill_each_other_through_a_replacement_older_than_what_it_replaces() -> None:
    account = Account()
    replacement = Life("E", "refill", 1_500, replacement_for="B")
    account.hear(
        *replacement.funded(), *Life("X", "refill", 1_800).funded(), Life("B", "refill", 2_500).event(M.CREATED, 2_500)
    )
    links = {refill: account.link(refill) for refill in "EX"}
    originals = {refill: None if link is None else link.original for refill, link in links.items()}
    assert originals != {"E": "X", "X": "E"}


def test_a_link_that_was_never_told_is_not_withdrawn() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.ACCEPTED, 2_100))
    account.hear(B.with_(product_type="standard").event(M.PAID_OUT, 2_200))
    account.hear(B.with_(product_type="standard").event(M.CREATED, 2_000))
    assert links_told(account, "B") == []
