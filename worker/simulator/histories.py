"""A history: one account's events in their true causal order, and what must be told of them; it is never changed."""

from dataclasses import dataclass

from worker.simulator.events import Event, JsonObject
from worker.simulator.oracle import Expected
from worker.simulator.truths import Truth

_NOTHING = Expected()


@dataclass(frozen=True, slots=True)
class State:
    """What Stripe's API would answer for an object from `at` (seconds since the epoch) on, told by an event or not."""

    at: int
    object: JsonObject


@dataclass(frozen=True, slots=True)
class History:
    """What happened to one account in one mode, and by whose kind of life.

    `events` are in causal order, which their whole-second `created` never contradicts but often leaves open.
    `expected` is stated by the author of the kind, by hand, and so is `truth`, where the kind keeps the account and
    mode to itself.
    `states` also holds the changes that no event tells, so the API can be played from it.
    `lost` are the ids of events that no webhook ever brings; `missed` is what these would tell besides, if somebody
    brought them after all.
    `country_shown` is False where the Accounts API refuses to show the account.
    """

    kind: str
    account: str
    country: str
    livemode: bool
    events: tuple[Event, ...]
    states: tuple[State, ...]
    expected: Expected
    lost: frozenset[str] = frozenset()
    missed: Expected = _NOTHING
    truth: Truth | None = None
    country_shown: bool = True

    @property
    def sent(self) -> tuple[Event, ...]:
        """The events that webhooks bring, in causal order."""
        return tuple(event for event in self.events if event.id not in self.lost)
