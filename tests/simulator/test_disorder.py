from collections import Counter, defaultdict

import pytest

from worker.simulator.disorder import Disorder, disordered
from worker.simulator.events import Event
from worker.simulator.world import World

TIDY = Disorder(window=0, repeats=0, twins=0, delays=0)


@pytest.fixture(scope="module")
def events() -> tuple[Event, ...]:
    return World(seed=4, accounts=300).events()


def by_account(events: tuple[Event, ...]) -> dict[str, list[str]]:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        ids[event.account].append(event.id)
    return ids


def test_the_same_seed_disorders_the_same_way(events: tuple[Event, ...]) -> None:
    assert disordered(events, seed=8) == disordered(events, seed=8)
    assert disordered(events, seed=8) != disordered(events, seed=9)


@pytest.mark.parametrize("disorder", [Disorder(), Disorder(window=None), TIDY, Disorder(1, 1, 1, 1)])
def test_nothing_is_lost_and_no_byte_changed(events: tuple[Event, ...], disorder: Disorder) -> None:
    delivered = disordered(events, seed=8, disorder=disorder)
    known = {event.id: event for event in events}
    assert known.keys() <= {event.id for event in delivered}
    assert all(known[event.id] == event for event in delivered if event.id in known)


def test_without_any_disorder_the_true_order_stays(events: tuple[Event, ...]) -> None:
    assert disordered(events, seed=8, disorder=TIDY) == events


def test_the_events_of_many_accounts_really_change_places(events: tuple[Event, ...]) -> None:
    delivered = by_account(disordered(events, seed=8, disorder=Disorder(repeats=0, twins=0)))
    true = by_account(events)
    several = [account for account, ids in true.items() if len(ids) > 2]
    assert sum(delivered[account] != true[account] for account in several) > len(several) / 2


def test_two_events_of_an_account_further_apart_than_the_window_keep_their_order(events: tuple[Event, ...]) -> None:
    delivered = by_account(disordered(events, seed=8, disorder=Disorder(window=2, repeats=0, twins=0, delays=0)))
    for account, ids in by_account(events).items():
        places = [delivered[account].index(event_id) for event_id in ids]
        assert all(earlier < later for k, earlier in enumerate(places) for later in places[k + 3 :])


def test_a_whole_shuffle_keeps_no_account_in_its_place(events: tuple[Event, ...]) -> None:
    delivered = disordered(events, seed=8, disorder=Disorder(window=None, repeats=0, twins=0))
    places = {event.id: place for place, event in enumerate(delivered)}
    moved = sum(abs(place - places[event.id]) for place, event in enumerate(events)) / len(events)
    assert moved > len(events) / 5


def test_some_events_come_twice_with_the_same_bytes(events: tuple[Event, ...]) -> None:
    delivered = disordered(events, seed=8, disorder=Disorder(repeats=0.5, twins=0))
    twice = [event_id for event_id, times in Counter(event.id for event in delivered).items() if times == 2]
    assert len(events) * 0.4 < len(twice) < len(events) * 0.6


def test_some_happenings_come_under_another_event_id_as_well(events: tuple[Event, ...]) -> None:
    delivered = disordered(events, seed=8, disorder=Disorder(repeats=0, twins=0.5))
    known = {event.id for event in events}
    happenings = {(event.subject, event.type) for event in events}
    twins = [event for event in delivered if event.id not in known]
    assert len(twins) > len(events) * 0.3
    assert all((twin.subject, twin.type) in happenings for twin in twins)


def test_an_object_without_an_id_has_no_twin(events: tuple[Event, ...]) -> None:
    delivered = disordered(events, seed=8, disorder=Disorder(twins=1))
    summaries = {event.id for event in events if event.subject is None}
    assert summaries
    assert {event.id for event in delivered if event.subject is None} == summaries


def test_a_delayed_event_never_comes_before_its_time(events: tuple[Event, ...]) -> None:
    delivered = disordered(events, seed=8, disorder=Disorder(window=0, repeats=0, twins=0, delays=0.1))
    places = {event.id: place for place, event in enumerate(delivered)}
    late = [places[event.id] - place for place, event in enumerate(events)]
    assert max(late) > len(events) / 2
    # The others only move up into the places left.
    assert sum(step > 0 for step in late) <= len(events) * 0.2
