from dataclasses import replace

import pytest

from tests.simulator.asking import Calendar
from worker.simulator.books import OFFER, SUMMARY, TRANSACTION, Books
from worker.simulator.events import JsonObject
from worker.simulator.histories import History
from worker.simulator.kinds import ALL
from worker.simulator.world import World

KINDS = (OFFER, SUMMARY, TRANSACTION)


@pytest.fixture(scope="module")
def history() -> History:
    world = World(seed=3, accounts=1, kinds={"line_of_credit": ALL["line_of_credit"]})
    return world.histories[0]


def shown(books: Books, history: History) -> list[JsonObject]:
    return [entry for kind in KINDS for entry in books.every(kind, livemode=history.livemode)]


def test_states_are_ordered_by_time_whatever_history_they_come_from(history: History) -> None:
    states = history.states
    cut = max(place for place in range(1, len(states)) if states[place - 1].at < states[place].at)
    later, earlier = replace(history, states=states[cut:]), replace(history, states=states[:cut])
    for state in states:
        for second in (state.at - 1, state.at):
            clock = Calendar(second)
            assert shown(Books([later, earlier], clock.now), history) == shown(Books([history], clock.now), history)


def test_without_a_clock_everything_has_happened(history: History) -> None:
    books = Books([history])
    assert books.one(SUMMARY, history.account, livemode=history.livemode) == history.states[-1].object
    assert books.one(SUMMARY, history.account, livemode=not history.livemode) is None
    assert books.second == float("inf")
