"""Disorder: the order in which events arrive, which is not that of their causes; no event is ever lost here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from worker.simulator.dice import Dice
from worker.simulator.events import Event


@dataclass(frozen=True, slots=True)
class Disorder:
    """How bad it is.

    `window` counts one account's own events, since only their order matters: two of them further apart than that keep
    their order, unless one is delayed. None shuffles everything wholly. The rest are chances from 0 to 1, for each
    event: of a repeat (the same id and bytes again), of a twin (the same object and type under another event id), of a
    delay (arriving anywhere later).
    """

    window: int | None = 4
    repeats: float = 0.1
    twins: float = 0.05
    delays: float = 0.05


_ORDINARY = Disorder()


def disordered(events: Iterable[Event], *, seed: int, disorder: Disorder = _ORDINARY) -> tuple[Event, ...]:
    """The order of delivery: every event at least once, the same for the same events and seed."""
    happened = tuple(events)
    dice = Dice(f"{seed}/disorder")
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, event in enumerate(happened):
        places[event.account].append(place)
    seen: defaultdict[str, int] = defaultdict(int)
    arrivals: list[tuple[float, int, Event]] = []
    for event in happened:
        own = places[event.account][seen[event.account] :]
        seen[event.account] += 1
        for copy in _copies(dice, event, disorder):
            arrivals.append((_arrival(dice, own, len(happened), disorder), len(arrivals), copy))
    return tuple(event for _, _, event in sorted(arrivals, key=lambda arrival: arrival[:2]))


def _copies(dice: Dice, event: Event, disorder: Disorder) -> Iterator[Event]:
    yield event
    if dice.chance(disorder.repeats):
        yield event
    # A summary has no id to be the same object by: a second event about it is a second happening.
    if event.subject is not None and dice.chance(disorder.twins):
        yield event.under(dice.new_id("evt"))


def _arrival(dice: Dice, own: Sequence[int], end: int, disorder: Disorder) -> float:
    """Where in the stream a copy arrives; `own` are the places of its account's events from this one on."""
    if disorder.window is None:
        return dice.uniform(0, end)
    if dice.chance(disorder.delays):
        return dice.uniform(own[0], end)
    # One place is one wide, so two events whose windows do not meet cannot change places.
    return own[min(dice.randint(0, disorder.window), len(own) - 1)] + dice.random()
