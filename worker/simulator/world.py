"""A world: many accounts and the histories they live, from one seed; the same seed never differs by a byte."""

from collections.abc import Mapping
from functools import cached_property

from worker.simulator.accounts import Account, drawn_account
from worker.simulator.dice import Dice
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import KINDS, Kind, fitting
from worker.simulator.narrator import Narrator
from worker.simulator.offers import DAY
from worker.simulator.oracle import Expected, together
from worker.simulator.truths import Truth

# The kinds are chosen where a world is made.
__all__ = ["KINDS", "Kind", "World"]

# 2025-01-06 00:00 UTC, and the time within which histories begin.
BEGINNING = 1_736_121_600
_SPREAD = 120 * DAY


class World:
    """All histories of a seed; with at least as many accounts as kinds, every kind is lived.

    `kinds` says which lives are drawn; without it, those without refills. About a third of the accounts live a second
    history, and some of those in the other mode under the same account id. Another `beginning`, in seconds since the
    epoch, moves all of it in time.
    """

    def __init__(
        self, *, seed: int, accounts: int, kinds: Mapping[str, Kind] = KINDS, beginning: int = BEGINNING
    ) -> None:
        self.seed = seed
        drawn = tuple(kinds.values())
        # The first histories go round the kinds, so none is left to luck.
        firsts = [drawn[number % len(drawn)] for number in range(accounts)]
        self.accounts = tuple(
            drawn_account(Dice(f"{seed}/account/{number}"), first.countries) for number, first in enumerate(firsts)
        )
        self.histories: tuple[History, ...] = tuple(
            history
            for number, (account, first) in enumerate(zip(self.accounts, firsts, strict=True))
            for history in _lived(
                Dice(f"{seed}/histories/{number}"), account, first, fitting(drawn, account.market.country), beginning
            )
        )

    def events(self) -> tuple[Event, ...]:
        """All events that webhooks bring, as they truly happened.

        By time, and within a history by cause where the second is shared. Lost events are not among them.
        """
        return tuple(
            sorted((event for history in self.histories for event in history.sent), key=lambda event: event.created)
        )

    @cached_property
    def expected(self) -> Expected:
        """What must be told of all histories together."""
        return together(history.expected for history in self.histories)

    @cached_property
    def expected_with_the_lost(self) -> Expected:
        """What must be told of all histories together, once somebody has brought the lost events as well."""
        return together((self.expected, *(history.missed for history in self.histories)))

    @cached_property
    def truths(self) -> Mapping[tuple[bool, str], Truth]:
        """What the tables must say in the end, by (livemode, account), where an author stated it."""
        return {
            (history.livemode, history.account): history.truth
            for history in self.histories
            if history.truth is not None
        }


def _lived(dice: Dice, account: Account, first: Kind, others: tuple[Kind, ...], beginning: int) -> list[History]:
    """The histories of one account; where either wants to be alone, the second is lived in the other mode."""
    livemode = dice.chance(0.85)
    histories = [_history(dice, account, first, beginning, livemode=livemode)]
    if dice.chance(0.35):
        second_mode = livemode if dice.chance(0.6) else not livemode
        second = dice.choice(others)
        if first.alone or second.alone:
            second_mode = not livemode
        histories.append(_history(dice, account, second, beginning, livemode=second_mode))
    return histories


def _history(dice: Dice, account: Account, kind: Kind, beginning: int, *, livemode: bool) -> History:
    return kind.write(Narrator(dice, account, beginning + dice.randrange(_SPREAD), livemode=livemode))
