"""A history: one account's events in their true causal order, and what must be told of them; it is never changed."""

from dataclasses import dataclass

from worker.simulator.events import Event, JsonObject
from worker.simulator.oracle import Expected


@dataclass(frozen=True, slots=True)
class State:
    """What Stripe's API would answer for an object from `at` (seconds since the epoch) on, told by an event or not."""

    at: int
    object: JsonObject


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one account in one mode, and by whose kind of life.

    `events` are in causal order, which their whole-second `created` never contradicts but often leaves open.
    `expected` is stated by the author of the kind, by hand.
    `states` also holds the changes that no event tells, so the API can be played from it.
    """

    kind: str
    account: str
    country: str
    livemode: bool
    events: tuple[Event, ...]
    states: tuple[State, ...]
    expected: Expected
