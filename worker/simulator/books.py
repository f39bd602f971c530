"""Stripe's books on a world: every object as the API shows it at a second; what is not yet so is never shown."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from worker.simulator.events import JsonObject
from worker.simulator.histories import History, State
from worker.simulator.offers import WITH_A_TIME, created_at

OFFER: Final = "capital.financing_offer"
TRANSACTION: Final = "capital.financing_transaction"
SUMMARY: Final = "capital.financing_summary"

_KINDS: Final = frozenset({OFFER, TRANSACTION, SUMMARY})


class _Life:
    """The states of one object, in order, each from a second on."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self._shown: tuple[int, JsonObject] | None = None

    @property
    def created(self) -> int:
        """When the object was created, in seconds."""
        first = self.states[0]
        return first.at if first.object["object"] == SUMMARY else created_at(first.object)

    def at(self, second: float) -> JsonObject | None:
        """The object as it is at that second; None before its first state."""
        known = bisect_right(self.states, second, key=lambda state: state.at)
        if known == 0:
            return None
        if self._shown is None or self._shown[0] != known:
            self._shown = known, _shown(self.states[:known])
        return self._shown[1]


class Books:
    """All objects of some histories. `now` gives the second; without it, everything has happened."""

    def __init__(self, histories: Iterable[History], now: Callable[[], float] | None = None) -> None:
        self._now = now or (lambda: math.inf)
        self._lives: dict[tuple[bool, str, str], _Life] = {}
        self._lists: defaultdict[tuple[bool, str, str | None], list[_Life]] = defaultdict(list)
        self._delivered: set[str] = set()
        for history in histories:
            for state in history.states:
                self._write(history, state)
        for life in self._lives.values():
            life.states.sort(key=lambda state: state.at)
        for lives in self._lists.values():
            # Of those of one second, the one written later is the newer.
            lives.sort(key=lambda life: life.created)
            lives.reverse()

    def _write(self, history: History, state: State) -> None:
        kind = state.object["object"]
        if kind not in _KINDS:
            return
        # A summary has no id of its own: there is one for each account.
        key = history.livemode, kind, state.object.get("id", history.account)
        if key not in self._lives:
            life = self._lives[key] = _Life()
            self._lists[history.livemode, kind, history.account].append(life)
            self._lists[history.livemode, kind, None].append(life)
        self._lives[key].states.append(state)

    @property
    def second(self) -> float:
        """What time it is, in seconds since the epoch; infinite once everything has happened."""
        return self._now()

    def one(self, kind: str, object_id: str, *, livemode: bool) -> JsonObject | None:
        """An object of this kind (`OFFER`, `TRANSACTION`; `SUMMARY` by account), None where there is none yet."""
        life = self._lives.get((livemode, kind, object_id))
        return None if life is None else self._seen(life)

    def every(self, kind: str, *, livemode: bool, account: str | None = None) -> list[JsonObject]:
        """All objects of this kind, newest first, of one account or of all."""
        lives = self._lists.get((livemode, kind, account), ())
        return [seen for seen in map(self._seen, lives) if seen is not None]

    def mark_delivered(self, offer_id: str) -> None:
        """From now on an undelivered offer is a delivered one."""
        self._delivered.add(offer_id)

    def _seen(self, life: _Life) -> JsonObject | None:
        seen = life.at(self._now())
        if seen is not None and seen.get("status") == "undelivered" and seen["id"] in self._delivered:
            return seen | {"status": "delivered"}
        return seen


def _shown(states: Sequence[State]) -> JsonObject:
    """The last of the states; of an offer in the API's own version, whatever version the account's webhooks have."""
    latest = states[-1].object
    if latest["object"] != OFFER:
        return latest
    transitions: JsonObject = {}
    for state in states:
        status = state.object["status"]
        if status in WITH_A_TIME:
            transitions.setdefault(f"{status}_at", state.at)
    named = {"created": created_at(latest), "status_transitions": transitions}
    return {name: value for name, value in latest.items() if name != "created_at"} | named
