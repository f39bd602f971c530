"""Every order of one offer's history ends the same and is legal on the way."""

import pytest

from tests.rules.lives import Life, transaction
from tests.rules.orders import explore
from worker.rules.facts import Fact
from worker.rules.milestones import Milestone

M = Milestone
A = Life("A")
HISTORY = [
    A.event(M.CREATED, 1_000),
    A.event(M.ACCEPTED, 1_100),
    A.event(M.PAID_OUT, 1_200),
    A.event(M.FULLY_REPAID, 9_000),
]


def test_every_order_of_a_standard_history_with_every_event_doubled_ends_the_same() -> None:
    doubled = [
        *HISTORY,
        *(A.event(event.milestone, event.snapshot.created, id=f"twin_{event.milestone}") for event in HISTORY),
    ]
    explored = explore(doubled, repeat=False)
    assert explored.orders == 40_320  # 8!
    assert len(explored.tables) == 1
    assert explored.told == {frozenset({"A:created", "A:accepted", "A:paid_out", "A:fully_repaid"})}


@pytest.mark.parametrize("closer", [M.CANCELED, M.REJECTED, M.EXPIRED, M.ACCEPTED_OTHER_OFFER])
def test_every_order_of_a_closed_offer_ends_the_same(closer: Milestone) -> None:
    facts: list[Fact] = [A.event(M.CREATED, 1_000), A.event(closer, 1_300), transaction()]
    if closer in {M.CANCELED, M.REJECTED}:
        facts.append(A.event(M.ACCEPTED, 1_100))
    explored = explore(facts, repeat=True)
    assert len(explored.tables) == 1
    assert len(explored.told) == 1


def test_every_order_of_a_replacement_ends_the_same() -> None:
    new = Life("B", created=1_500, replacement_for="A")
    facts = [
        A.event(M.CREATED, 1_000),
        A.event(M.ACCEPTED, 1_100),
        new.event(M.CREATED, 1_500, id="evt_replacement", replaces=True),
        new.event(M.CREATED, 1_500),
        new.event(M.ACCEPTED, 1_600),
        new.event(M.PAID_OUT, 1_700),
    ]
    explored = explore(facts, repeat=True)
    assert explored.told == {
        frozenset({"A:created", "A:accepted", "A:replaced", "B:created", "B:accepted", "B:paid_out"})
    }
    assert len(explored.tables) == 1
