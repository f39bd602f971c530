"""Milestones: released once, in whatever order they become known; the status only ever gets stronger."""

from itertools import combinations, permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import Life
from worker.rules.facts import OfferAnswered
from worker.rules.milestones import PREDECESSOR, WEAKEST_FIRST, Milestone, is_late, strongest
from worker.rules.releases import AttentionRaised
from worker.rules.statuses import milestone_of, proven_by

M = Milestone
A = Life("A")
CLOSERS = (M.CANCELED, M.REJECTED, M.EXPIRED, M.REPLACED, M.ACCEPTED_OTHER_OFFER)
PROGRESS = (M.CREATED, M.ACCEPTED, M.PAID_OUT)


def hear(account: Account, *milestones: Milestone) -> None:
    for milestone in milestones:
        if milestone is M.REPLACED:
            account.hear(Life("B", created=5_000, replacement_for="A").event(M.CREATED, 5_000, replaces=True))
        else:
            account.hear(A.event(milestone, 5_000))


def test_the_status_is_the_strongest_milestone_released() -> None:
    assert list(reversed(WEAKEST_FIRST)) == [
        M.CANCELED,
        M.FULLY_REPAID,
        M.PAID_OUT,
        M.REJECTED,
        M.REPLACED,
        M.ACCEPTED_OTHER_OFFER,
        M.ACCEPTED,
        M.EXPIRED,
        M.CREATED,
    ]
    assert strongest(frozenset()) is None
    for weaker, stronger in combinations(WEAKEST_FIRST, 2):
        assert strongest(frozenset({weaker, stronger})) is stronger
        assert is_late(weaker, {stronger})
        assert not is_late(stronger, {weaker})


def test_milestones_are_called_what_stripe_calls_their_events() -> None:
    assert " ".join(M) == (
        "created accepted paid_out fully_repaid canceled rejected expired replaced accepted_other_offer"
    )
    assert not any(is_late(milestone, {milestone}) for milestone in M)


def test_an_event_that_replaces_nothing_names_no_other_offer() -> None:
    account = Account()
    account.hear(A.event(M.CREATED, 1_000))
    assert list(account.state.offers) == ["A"]


def test_no_milestone_rests_on_a_stronger_one() -> None:
    for milestone, before in PREDECESSOR.items():
        assert before is None or WEAKEST_FIRST.index(before) < WEAKEST_FIRST.index(milestone)
    assert set(PREDECESSOR) == set(WEAKEST_FIRST) == set(M)


@pytest.mark.parametrize(("first", "second"), list(permutations(CLOSERS, 2)))
def test_every_milestone_is_told_once_also_one_that_contradicts_another(first: Milestone, second: Milestone) -> None:
    account = Account()
    hear(account, M.CREATED, M.ACCEPTED, first, second, first, second)
    assert account.told.count(f"A:{first}") == account.told.count(f"A:{second}") == 1
    assert account.release(f"A:{first}").late == is_late(first, {M.CREATED, M.ACCEPTED})
    assert account.release(f"A:{second}").late == is_late(second, {first, M.ACCEPTED})
    assert account.status("A") is strongest(frozenset({first, second, M.ACCEPTED}))


@pytest.mark.parametrize(("first", "second"), list(permutations(CLOSERS, 2)))
def test_two_closers_contradict_each_other_unless_the_offer_was_replaced_by_a_counter_offer(
    first: Milestone, second: Milestone
) -> None:
    account = Account()
    hear(account, M.CREATED, M.ACCEPTED, first, second)
    counter_offer = {first, second} == {M.REJECTED, M.REPLACED}
    assert account.attention() == ([] if counter_offer else [("conflict", "A")])


@pytest.mark.parametrize(
    ("closer", "attention"),
    [
        (M.REJECTED, [("conflict", "A")]),
        (M.EXPIRED, [("conflict", "A")]),
        (M.CANCELED, [("canceled_after_payout", "A")]),
        (M.REPLACED, []),
        (M.ACCEPTED_OTHER_OFFER, []),
    ],
)
@pytest.mark.parametrize("closer_first", [True, False])
def test_what_contradicts_a_payout_is_shown_to_a_person(
    closer: Milestone,
    attention: list[tuple[str, str]],
    closer_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    account = Account()
    hear(account, M.CREATED, M.ACCEPTED, *((closer, M.PAID_OUT) if closer_first else (M.PAID_OUT, closer)))
    assert account.attention() == attention


@pytest.mark.parametrize(
    ("before", "last", "named"),
    [
        ((M.PAID_OUT, M.CANCELED), M.REJECTED, M.PAID_OUT),
        ((M.PAID_OUT, M.CANCELED), M.EXPIRED, M.PAID_OUT),
        ((M.PAID_OUT, M.ACCEPTED_OTHER_OFFER), M.REJECTED, M.ACCEPTED_OTHER_OFFER),
        ((M.PAID_OUT, M.ACCEPTED_OTHER_OFFER), M.EXPIRED, M.ACCEPTED_OTHER_OFFER),
        ((M.PAID_OUT, M.REPLACED), M.EXPIRED, M.REPLACED),
        ((M.REJECTED, M.REPLACED), M.EXPIRED, M.REPLACED),
        ((M.REJECTED, M.REPLACED), M.CANCELED, M.REPLACED),
        ((M.REJECTED, M.REPLACED), M.ACCEPTED_OTHER_OFFER, M.REPLACED),
    ],
)
def test_of_two_contradictions_the_weaker_is_named_in_every_process(
    before: tuple[Milestone, ...], last: Milestone, named: Milestone
) -> None:
    account = Account()
    hear(account, M.CREATED, M.ACCEPTED, *before, last)
    (conflict,) = [told for told in account.releases if isinstance(told, AttentionRaised) and told.reason == "conflict"]
    assert conflict.detail == f"{last} and {named} contradict each other"


def test_an_offer_that_was_accepted_and_then_expired_contradicts_nothing() -> None:
    account = Account()
    hear(account, M.CREATED, M.ACCEPTED, M.EXPIRED)
    assert account.attention() == []
    assert account.status("A") is M.ACCEPTED
    assert account.release("A:expired").late


def test_a_replacement_tells_the_creation_of_the_new_and_the_end_of_the_old() -> None:
    account = Account()
    hear(account, M.CREATED, M.REPLACED)
    assert account.told == ["A:created", "B:created", "A:replaced"]
    assert account.release("A:replaced").basis == "event"
    assert account.release("A:replaced").occurred_at == 5_000


def test_a_replacement_and_its_own_creation_are_one_milestone() -> None:
    account = Account()
    hear(account, M.CREATED, M.REPLACED)
    new = Life("B", created=5_000, replacement_for="A")
    assert account.hear(new.event(M.CREATED, 5_000, id="evt_plain")) == []


def test_a_milestone_happened_at_its_transition_else_when_its_event_was_created() -> None:
    account = Account()
    account.hear(A.event(M.CREATED, 1_000), A.event(M.ACCEPTED, 1_105, status_transitions__accepted_at=1_100))
    account.hear(A.event(M.PAID_OUT, 1_200))
    assert account.release("A:accepted").occurred_at == 1_100
    assert account.release("A:paid_out").occurred_at == 1_200


def test_what_an_answer_proves_has_no_time_but_that_of_a_transition() -> None:
    account = Account()
    account.hear(A.event(M.CREATED, 1_000))
    account.hear(OfferAnswered("A", 0, A.observed("paid_out", status_transitions__paid_out_at=1_200)))
    assert account.release("A:accepted").occurred_at is None
    assert account.release("A:paid_out").occurred_at == 1_200


@pytest.mark.parametrize(
    ("status", "proof"),
    [
        ("undelivered", {M.CREATED}),
        ("delivered", {M.CREATED}),
        ("accepted", {M.CREATED, M.ACCEPTED}),
        ("paid_out", {M.CREATED, M.ACCEPTED, M.PAID_OUT}),
        ("fully_repaid", {M.CREATED, M.ACCEPTED, M.PAID_OUT, M.FULLY_REPAID}),
        ("completed", {M.CREATED, M.ACCEPTED, M.PAID_OUT, M.FULLY_REPAID}),
        ("expired", {M.CREATED, M.EXPIRED}),
        ("canceled", {M.CREATED, M.CANCELED}),
        ("rejected", {M.CREATED, M.REJECTED}),
        ("replaced", {M.CREATED, M.REPLACED}),
        ("accepted_other_offer", {M.CREATED, M.ACCEPTED_OTHER_OFFER}),
        ("revoked", {M.CREATED}),
        ("a word of tomorrow", {M.CREATED}),
        (None, {M.CREATED}),
    ],
)
def test_each_status_proves_what_must_have_been_and_acceptance_only_where_it_shows(
    status: str | None, proof: set[Milestone]
) -> None:
    assert proven_by(status, accepted=False) == proof
    assert proven_by(status, accepted=True) == proof | {M.ACCEPTED}


@pytest.mark.parametrize("status", ["undelivered", "delivered", "revoked", "a word of tomorrow", None])
def test_a_status_that_names_no_milestone_is_ranked_as_created(status: str | None) -> None:
    assert milestone_of(status) is M.CREATED


def test_every_other_status_is_ranked_as_the_milestone_it_names() -> None:
    assert [milestone_of(milestone.value) for milestone in M] == list(M)
    assert milestone_of("completed") is M.FULLY_REPAID
