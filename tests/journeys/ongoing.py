"""A world that is going on: half a year of it has happened by now, and some of its histories are over."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.journeys.system import System
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import ALL
from worker.simulator.truths import Truth
from worker.simulator.world import World

DAY = 86_400


@dataclass
class Ongoing:
    """Half a year of a world of every kind of life; seconds since the epoch."""

    seed: int
    accounts: int = 3 * len(ALL)
    now: int = field(default_factory=lambda: int(time.time()))

    def __post_init__(self) -> None:
        self.world = World(seed=self.seed, accounts=self.accounts, kinds=ALL, beginning=self.now - 180 * DAY)

    def sent(self, since: int = 0) -> list[Event]:
        """What webhooks brought from a second on until now."""
        return [event for event in self.world.events() if since <= event.created <= self.now]

    def lost(self) -> list[Event]:
        """What no webhook brought until now, by the histories' own account."""
        events = [(history, event) for history in self.world.histories for event in history.events]
        return [event for history, event in events if event.id in history.lost and event.created <= self.now]

    def over(self) -> list[History]:
        """The histories of accounts and modes in which nothing more will happen."""
        going_on = {
            (history.livemode, history.account)
            for history in self.world.histories
            if max(state.at for state in history.states) > self.now
        }
        return [one for one in self.world.histories if (one.livemode, one.account) not in going_on]

    def truths(self) -> Mapping[tuple[bool, str], Truth]:
        """The truths of those."""
        over = {(history.livemode, history.account) for history in self.over()}
        return {key: truth for key, truth in self.world.truths.items() if key in over}


def named(second: int) -> str:
    """A time as the command line takes it."""
    return datetime.fromtimestamp(second, UTC).isoformat()


def figure(out: str, what: str) -> int:
    """The sum of a figure over the lines of a report."""
    return sum(int(found.replace(",", "")) for found in re.findall(rf"([\d,]+) {what}", out))


def told_by(events: Sequence[Event]) -> set[str]:
    """The ids of what these events tell, each by its own word: milestones, transactions and lines of credit."""
    told = set()
    for event in events:
        mode, name = "live" if event.livemode else "test", event.type.rpartition(".")[2]
        if event.type.startswith("capital.financing_offer."):
            told.add(f"{mode}:{event.subject}:{'created' if name == 'replacement_created' else name}")
        elif event.type == "capital.financing_transaction.created":
            told.add(f"{mode}:{event.subject}:recorded")
        elif name == "line_of_credit_update":
            told.add(f"{mode}:{event.id}:line_of_credit")
    return told


def gone(events: Sequence[Event], since: int) -> set[str]:
    """What nothing tells of these any more, once Stripe lists events only `since` then.

    Transactions and updates are shown by no offer, and for some milestones an offer has no status of its own.
    """
    old = [event for event in events if event.created < since]
    unspoken = {event.id for event in old if b'"prequalified"' in event.body or b'"under_second_review"' in event.body}
    return {
        told
        for event in old
        for told in told_by([event])
        if event.id in unspoken or told.endswith((":recorded", ":line_of_credit", ":accepted_other_offer"))
    }


async def settled(system: System) -> None:
    """Return once all that is on the topic has been applied and every question that is due soon has been answered."""
    await system.caught_up()
    await system.found("SELECT count(*) FROM lookup WHERE due < now() + interval '1 minute'", [(0,)])
    await system.caught_up()
