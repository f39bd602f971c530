"""Hot accounts: state a lane keeps while it owns its partition, so that most batches load little or nothing."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from worker.ports import AccountKey, Loaded, Wanted
from worker.rules.state import AccountState

# Of all partitions together, whoever owns them: an offer takes 4 to 6 KB, and one process may own every partition.
MOST_OFFERS: Final = 25_000


class HotAccounts:
    """States as last committed by this lane; only the fence makes keeping them right."""

    def __init__(self, most_offers: int = MOST_OFFERS) -> None:
        self._states: OrderedDict[AccountKey, AccountState] = OrderedDict()
        self._offers = 0
        self._most_offers = most_offers

    def missing(self, wanted: Wanted) -> Wanted:
        """What of the wanted has to be loaded."""
        return replace(wanted, accounts=wanted.accounts - self._states.keys())

    def with_loaded(self, wanted: Wanted, loaded: Loaded) -> Mapping[AccountKey, AccountState]:
        """The states of all wanted accounts that exist, with the working sets just loaded."""
        states = {}
        for key in wanted.accounts:
            state = self._states.get(key) or loaded.accounts.get(key)
            if state is None:
                continue
            transactions, updates = loaded.transactions.get(key), loaded.updates.get(key)
            if transactions or updates:
                state = replace(state, transactions=transactions or {}, updates=updates or frozenset())
            states[key] = state
        return states

    def keep(self, states: Iterable[AccountState]) -> None:
        """Keep states as committed, without their working sets; the longest unused go."""
        for state in states:
            former = self._states.pop(state.key, None)
            self._offers += len(state.offers) + 1 - (len(former.offers) + 1 if former else 0)
            if state.transactions or state.updates:
                state = replace(state, transactions={}, updates=frozenset())  # noqa: PLW2901 - the same state, trimmed
            self._states[state.key] = state
        while self._offers > self._most_offers and len(self._states) > 1:
            _, dropped = self._states.popitem(last=False)
            self._offers -= len(dropped.offers) + 1
