"""Merging: what is known never depends on what came first."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.account import Account
from tests.rules.lives import Life
from worker.rules.facts import WRITE_ONCE, OfferAnswered, Rank, Snapshot, Value
from worker.rules.merge import beats, merge_evidence, merge_fields, rank_of
from worker.rules.milestones import Milestone
from worker.rules.state import Basis, Evidence, Seen

M = Milestone
FEE = "accepted_terms.fee_amount"
SETTINGS = settings(max_examples=300, deadline=None, derandomize=True)


def merged(*snapshots: tuple[Snapshot, Milestone]) -> dict[str, Seen]:
    fields: dict[str, Seen] = {}
    for snapshot, milestone in snapshots:
        fields = dict(merge_fields(fields, snapshot, rank_of(snapshot, milestone))[0])
    return fields


def value(*snapshots: tuple[Snapshot, Milestone], name: str = FEE) -> Value | None:
    seen = merged(*snapshots).get(name)
    return None if seen is None else seen.value


def shown(milestone: Milestone, created: int = 1_000, id: str = "evt", **fields: Value) -> tuple[Snapshot, Milestone]:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return Snapshot("A", named, created, id), milestone


def fee(amount: int, milestone: Milestone, created: int = 1_000, id: str = "evt") -> tuple[Snapshot, Milestone]:
    return shown(milestone, created, id, accepted_terms__fee_amount=amount)


def test_what_is_known_beats_what_a_higher_and_later_snapshot_does_not_show() -> None:
    known, silent = fee(7, M.CREATED), shown(M.CANCELED, 9_000, "evt_9", product_type="refill")
    assert value(known, silent) == value(silent, known) == 7


def test_a_snapshot_at_a_higher_milestone_beats_a_later_one_at_a_lower() -> None:
    high, low = fee(1, M.PAID_OUT, 1_000, "evt_1"), fee(2, M.ACCEPTED, 9_000, "evt_9")
    assert value(high, low) == value(low, high) == 1


def test_at_one_milestone_the_later_created_wins() -> None:
    late, early = fee(1, M.PAID_OUT, 2_000, "evt_1"), fee(2, M.PAID_OUT, 1_000, "evt_9")
    assert value(late, early) == value(early, late) == 1


def test_in_one_second_the_greater_event_id_wins() -> None:
    greater, lesser = fee(1, M.PAID_OUT, 1_000, "evt_b"), fee(2, M.PAID_OUT, 1_000, "evt_a")
    assert value(greater, lesser) == value(lesser, greater) == 1


def test_two_contents_under_one_event_id_merge_to_the_greater_text_whichever_came_first() -> None:
    one, other = fee(9, M.PAID_OUT), fee(10, M.PAID_OUT)
    assert value(one, other) == value(other, one) == 9


@pytest.mark.parametrize(("rank", "text", "wins"), [((2, 1, "e"), "a", True), ((1, 1, "e"), "z", False)])
def test_a_rank_is_compared_before_the_value(rank: Rank, text: str, *, wins: bool) -> None:
    assert beats(rank, text, Seen("m", (1, 9, "z"))) is wins


def test_the_rank_of_a_snapshot_is_its_milestones_strength_then_created_then_id() -> None:
    strengths = [
        rank_of(Snapshot("A", {}, 5, "evt"), milestone)[0] for milestone in (M.CREATED, M.PAID_OUT, M.CANCELED)
    ]
    assert strengths == sorted(set(strengths))
    assert rank_of(Snapshot("A", {}, 5, "evt"), M.CREATED)[1:] == (5, "evt")


def test_an_events_own_type_ranks_its_snapshot_even_where_its_status_says_something_else() -> None:
    account = Account()
    life = Life("A")
    account.hear(life.event(M.PAID_OUT, 1_000, status="delivered", disclaimer_variant="celtic_us_loan"))
    account.hear(life.event(M.ACCEPTED, 9_000, status="fully_repaid", disclaimer_variant="youlend_us_mca"))
    assert account.offer("A").text("disclaimer_variant") == "celtic_us_loan"
    assert M.FULLY_REPAID not in account.offer("A").known


def test_an_answer_is_ranked_by_the_milestone_its_status_names() -> None:
    account = Account()
    life = Life("A")
    account.hear(life.event(M.ACCEPTED, 1_000, disclaimer_variant="celtic_us_loan"))
    lower = life.observed("undelivered", disclaimer_variant="youlend_us_mca")
    account.hear(OfferAnswered("A", 0, lower))
    assert account.offer("A").text("disclaimer_variant") == "celtic_us_loan"
    higher = life.observed("completed", at=1, disclaimer_variant="youlend_us_mca")
    account.hear(OfferAnswered("A", 0, higher))
    assert account.offer("A").text("disclaimer_variant") == "youlend_us_mca"


@pytest.mark.parametrize("name", sorted(WRITE_ONCE))
def test_a_second_value_of_a_write_once_field_is_a_conflict_whichever_snapshot_wins(name: str) -> None:
    first, second = Snapshot("A", {name: "1"}, 1, "evt_1"), Snapshot("A", {name: "2"}, 2, "evt_2")
    for one, other in ((first, second), (second, first)):
        fields, none = merge_fields({}, one, rank_of(one, M.CREATED))
        assert none == ()
        assert merge_fields(fields, other, rank_of(other, M.CREATED))[1] == (name,)
        assert merge_fields(fields, one, rank_of(one, M.CREATED))[1] == ()


def test_the_write_once_fields_are_terms_product_type_and_replacement_for() -> None:
    terms = {"advance_amount", "fee_amount", "currency", "withhold_rate"}
    assert {
        "product_type",
        "replacement_for",
        *(f"offered_terms.{name}" for name in terms | {"previous_financing_fee_discount_rate"}),
        *(f"accepted_terms.{name}" for name in terms | {"previous_financing_fee_discount_amount"}),
    } == WRITE_ONCE


@pytest.mark.parametrize(
    "name", ["status_transitions.paid_out_at", "expires_after", "disclaimer_variant", "replacement"]
)
def test_a_field_that_may_change_is_no_conflict(name: str) -> None:
    first, second = Snapshot("A", {name: "1"}, 1, "evt_1"), Snapshot("A", {name: "2"}, 2, "evt_2")
    fields, _ = merge_fields({}, first, rank_of(first, M.CREATED))
    assert merge_fields(fields, second, rank_of(second, M.CREATED))[1] == ()


def test_a_conflict_is_raised_once_also_where_the_lower_snapshot_comes_last() -> None:
    account = Account()
    life = Life("A")
    account.hear(*life.funded())
    # Nothing else of it is new: no field wins and no milestone is added.
    account.hear(OfferAnswered("A", 0, life.observed("accepted", offered_terms__advance_amount=5)))
    account.hear(OfferAnswered("A", 0, life.observed("accepted", offered_terms__advance_amount=6)))
    assert account.attention() == [("conflict", "A")]
    assert account.offer("A").number("offered_terms.advance_amount") == 100_000


def test_a_snapshot_that_says_nothing_new_leaves_the_very_same_fields() -> None:
    snapshot, milestone = fee(1, M.PAID_OUT)
    fields = merged((snapshot, milestone))
    assert merge_fields(fields, snapshot, rank_of(snapshot, milestone))[0] is fields


values = st.one_of(st.integers(0, 2), st.sampled_from(["1", "2"]))
snapshots = st.tuples(
    st.builds(
        Snapshot,
        st.just("A"),
        st.dictionaries(st.sampled_from(["x", "y", "z"]), values, max_size=3),
        st.integers(0, 2),
        st.sampled_from("abc"),
    ),
    st.sampled_from(list(M)),
)


@SETTINGS
@given(st.lists(snapshots, max_size=4))
def test_fields_merge_the_same_in_any_order_and_however_often(history: list[tuple[Snapshot, Milestone]]) -> None:
    once = readable(merged(*history))
    for order in permutations(history):
        assert readable(merged(*order, *order[:2])) == once


def readable(fields: dict[str, Seen]) -> dict[str, tuple[str, Rank]]:
    """By the text of a value, by which ties are settled: 1 and "1" cannot both be sent of one field."""
    return {name: (str(seen.value), seen.rank) for name, seen in fields.items()}


evidences = st.builds(
    Evidence,
    st.sampled_from(["event", "api", "implied"]),
    st.one_of(st.none(), st.integers(0, 2)),
    st.sampled_from("abc"),
    st.frozensets(st.sampled_from([M.CREATED, M.ACCEPTED]), max_size=2),
)


@SETTINGS
@given(st.lists(evidences, min_size=1, max_size=4))
def test_evidence_merges_the_same_in_any_order_and_however_often(history: list[Evidence]) -> None:
    def together(order: Sequence[Evidence]) -> Evidence:
        evidence = merge_evidence(None, order[0])
        for more in order[1:]:
            evidence = merge_evidence(evidence, more)
        return evidence

    once = together(history)
    for order in permutations(history):
        again = together([*order, *order[:2]])
        assert (again.basis, again.created or 0, again.id, again.proves) == (
            once.basis,
            once.created or 0,
            once.id,
            once.proves,
        )


@pytest.mark.parametrize(("weaker", "stronger"), [("api", "event"), ("implied", "api"), ("implied", "event")])
def test_an_event_is_better_evidence_than_an_answer_and_an_answer_than_an_inference(
    weaker: Basis, stronger: Basis
) -> None:
    guess, word = Evidence(weaker, None, "a", frozenset()), Evidence(stronger, 9_000, "z", frozenset())
    assert merge_evidence(guess, word) == merge_evidence(word, guess) == word


def test_of_two_events_the_earlier_tells_when_a_milestone_happened_and_their_proofs_add_up() -> None:
    early, late = Evidence("event", 1, "z", frozenset({M.CREATED})), Evidence("event", 2, "a", frozenset({M.ACCEPTED}))
    for both in (merge_evidence(early, late), merge_evidence(late, early)):
        assert both == Evidence("event", 1, "z", frozenset({M.CREATED, M.ACCEPTED}))
