"""A world: many accounts and the histories they live, from one seed; the same seed never differs by a byte."""

from collections.abc import Callable, Mapping
from functools import cached_property

from worker.simulator import oddities, standard
from worker.simulator.accounts import Account, drawn_account
from worker.simulator.dice import Dice
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.offers import DAY
from worker.simulator.oracle import Expected, together

Kind = Callable[[Narrator], History]

# How to write a history of each kind.
KINDS: Mapping[str, Kind] = {
    "repaid": standard.repaid,
    "still_open": standard.still_open,
    "canceled": standard.canceled,
    "rejected": standard.rejected,
    "expired": standard.expired,
    "replaced": standard.replaced,
    "accepted_other_offer": standard.accepted_other_offer,
    "line_of_credit": oddities.line_of_credit,
    "unknown_type": oddities.unknown_type,
    "unknown_status": oddities.unknown_status,
    "not_capital": oddities.not_capital,
}
# 2025-01-06 00:00 UTC, and the time within which histories begin.
_BEGINNING = 1_736_121_600
_SPREAD = 120 * DAY


class World:
    """All histories of a seed; with at least as many accounts as kinds, every kind is lived.

    `kinds` narrows which lives are drawn. About a third of the accounts live a second history, and some of those in
    the other mode under the same account id.
    """

    def __init__(self, *, seed: int, accounts: int, kinds: Mapping[str, Kind] = KINDS) -> None:
        self.seed = seed
        self.accounts = tuple(drawn_account(Dice(f"{seed}/account/{number}")) for number in range(accounts))
        self.histories: tuple[History, ...] = tuple(
            history
            for number, account in enumerate(self.accounts)
            for history in _lived(Dice(f"{seed}/histories/{number}"), account, number, tuple(kinds.values()))
        )

    def events(self) -> tuple[Event, ...]:
        """All events as they truly happened: by time, and within a history by cause where the second is shared."""
        return tuple(
            sorted((event for history in self.histories for event in history.events), key=lambda event: event.created)
        )

    @cached_property
    def expected(self) -> Expected:
        """What must be told of all histories together."""
        return together(history.expected for history in self.histories)


def _lived(dice: Dice, account: Account, number: int, kinds: tuple[Kind, ...]) -> list[History]:
    """The histories of one account; the first goes round the kinds, so none is left to luck."""
    livemode = dice.chance(0.85)
    histories = [_history(dice, account, kinds[number % len(kinds)], livemode=livemode)]
    if dice.chance(0.35):
        second_mode = livemode if dice.chance(0.6) else not livemode
        histories.append(_history(dice, account, dice.choice(kinds), livemode=second_mode))
    return histories


def _history(dice: Dice, account: Account, kind: Kind, *, livemode: bool) -> History:
    return kind(Narrator(dice, account, _BEGINNING + dice.randrange(_SPREAD), livemode=livemode))
