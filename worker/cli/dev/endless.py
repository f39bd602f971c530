"""Without end: world after world is delivered at a pace that a person can follow, and all that is seen is shown."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Final, NoReturn

from worker.cli.dev.place import Place
from worker.clock import SystemClock
from worker.showing.live import Delivery, Hold, LiveView
from worker.showing.notification import Notification
from worker.simulator.attempts import Outcome, Persistence
from worker.simulator.deliveries import Courier
from worker.simulator.dice import Dice
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.kinds import ALL
from worker.simulator.world import World
from worker.store.connection import Pool, connect
from worker.store.timeline import holding
from worker.topic.reader import TopicReader

# The pace, for people's eyes; nothing depends on it.
_PAUSE_SECONDS: Final = 0.35
_LOOK_SECONDS: Final = 0.1


async def endless(place: Place, seed: int, accounts: int, view: LiveView) -> NoReturn:
    """Deliver and watch until cancelled. Raises Unavailable, in a group."""
    async with AsyncExitStack() as stack:
        pool = await connect(place.settings, connections=1)
        stack.push_async_callback(pool.close)
        reader = await stack.enter_async_context(TopicReader.opened(place.cluster, place.settings.notifications_topic))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        tasks.create_task(_show_holds(pool, view))
        tasks.create_task(_show_notifications(reader, view))
        await _deliver(place, _events(place, seed, accounts), view)
    raise AssertionError("worlds do not run out")


def _events(place: Place, seed: int, accounts: int) -> Iterator[Event]:
    """The disordered events of one world after another; each new one is the one that Stripe is asked about."""
    kinds = list(ALL.items())
    for number in count(seed):
        dice = Dice(f"{number}/kinds")
        world = World(seed=number, accounts=accounts, kinds=dict(dice.sample(kinds, len(kinds))))
        place.stripe.plays(world)
        yield from disordered(world.events(), seed=number)


async def _deliver(place: Place, events: Iterator[Event], view: LiveView) -> None:
    report = _Reporter(view)
    # One call an event, for they are to be begun apart; a call has at most one request to make.
    persistence = Persistence(concurrency=1)
    secrets = place.settings.webhook_secrets
    courier = Courier(place.webhooks, secrets, persistence=persistence, clock=SystemClock(), report=report)
    async with asyncio.TaskGroup() as carriers:
        for event in events:
            carriers.create_task(courier.deliver([event]))
            await asyncio.sleep(_PAUSE_SECONDS)


class _Reporter:
    """Shows the courier's outcomes, and counts the copies of each event that were accepted."""

    def __init__(self, view: LiveView) -> None:
        self._view = view
        self._copies: Counter[str] = Counter()

    def __call__(self, outcome: Outcome) -> None:
        event = outcome.event
        self._copies[event.id] += outcome.accepted
        self._view.delivered(
            Delivery(
                account=event.account,
                livemode=event.livemode,
                type=event.type,
                subject=event.subject,
                copy=self._copies[event.id],
                accepted=outcome.accepted,
                answer=str(outcome.status) if outcome.status else outcome.trouble,
            )
        )


async def _show_notifications(reader: TopicReader, view: LiveView) -> None:
    async for record in reader.records():
        view.told(Notification.of(record))


async def _show_holds(pool: Pool, view: LiveView) -> None:
    """Show each hold once, and again when it waits for something else."""
    shown: frozenset[Hold] = frozenset()
    while True:
        holds = [
            Hold(row["account"], row["livemode"], row["offer"], row["milestone"], tuple(row["waiting_for"]))
            for row in await holding(pool)
        ]
        for hold in holds:
            if hold not in shown:
                view.held(hold)
        shown = frozenset(holds)
        await asyncio.sleep(_LOOK_SECONDS)
