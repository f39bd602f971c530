"""Once: one world is delivered, shown account by account, and judged by what its histories say must be told."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from rich.console import Console

from worker.cli.dev.place import Place
from worker.cli.dev.verdict import Verdict
from worker.cli.show import document_from
from worker.showing.notification import Notification
from worker.showing.report import report
from worker.showing.side_by_side import Life, side_by_side
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.kinds import KINDS, REFILLS
from worker.simulator.signatures import SecretRoll
from worker.simulator.world import World
from worker.store.connection import connect
from worker.topic.reader import TopicReader

# One refill of each market, beside one of each life without.
REFILLS_ONCE: Final = {"paydown_repaid": "Pay-down market", "stacked": "Stacked market"}
KINDS_ONCE: Final = {**KINDS, **{kind: REFILLS[kind] for kind in REFILLS_ONCE}}

_TOLD_SECONDS: Final = 60.0
# What is told twice is told twice within this time: everything has been accepted and everything expected was told.
_QUIET_SECONDS: Final = 1.0
_READ_SECONDS: Final = 30.0


async def once(place: Place, seed: int, accounts: int, console: Console) -> int:
    """Deliver, wait, show and judge: 0 where nothing was lost, doubled, unexpected or out of order, else 1."""
    world = World(seed=seed, accounts=accounts, kinds=KINDS_ONCE)
    place.stripe.plays(world)
    accepted = await _deliver(place, world, console)
    in_time = await _all_told(place, world.expected.ids)
    await _show(place, world, console)
    told = await _everything_told(place)
    console.print(side_by_side(*(_life(world, kind, told) for kind in REFILLS_ONCE)))
    verdict = Verdict.on(told, world.expected)
    console.print(verdict.text, soft_wrap=True)
    if not in_time:
        console.print(f"Not all was told within {_TOLD_SECONDS:.0f} s.")
    if not (accepted and in_time and verdict.good):
        console.print(f"The worker's log ends so:\n{_tail(place)}", soft_wrap=True)
        return 1
    return 0


def _life(world: World, kind: str, told: Sequence[Notification]) -> Life:
    history = next(history for history in world.histories if history.kind == kind)
    whose = (history.livemode, history.account)
    title = f"{REFILLS_ONCE[kind]}: {history.account}"
    return Life(title, [one for one in told if (one.livemode, one.account) == whose])


async def _deliver(place: Place, world: World, console: Console) -> bool:
    """Deliver everything, rolling the webhook secret in the middle; whether all of it was accepted."""
    happened = world.events()
    events = disordered(happened, seed=world.seed)
    old, new = place.settings.webhook_secrets
    roll = SecretRoll(old, new, begins=len(events) // 3, ends=2 * len(events) // 3)
    console.print(f"Delivering {len(happened)} events of {len(world.accounts)} accounts, out of order.")
    undelivered = await Courier(place.webhooks, roll).deliver(events)
    console.print(
        f"{len(events) - len(undelivered)} of {len(events)} deliveries were answered with 200;"
        f" {len(events) - len(happened)} of them said again what another said.\n"
    )
    return not undelivered


async def _all_told(place: Place, ids: frozenset[str]) -> bool:
    """Read until all of these were told and nothing more comes; False if that takes more than a minute."""
    missing = set(ids)
    async with TopicReader.opened(place.cluster, place.settings.notifications_topic) as reader:
        try:
            async with asyncio.timeout(_TOLD_SECONDS):
                async with aclosing(reader.records()) as records:
                    async for record in records:
                        missing.discard(Notification.of(record).id)
                        if not missing:
                            break
                async for _ in reader.records(quiet_seconds=_QUIET_SECONDS):
                    pass
        except TimeoutError:
            return False
    return True


async def _show(place: Place, world: World, console: Console) -> None:
    """Each account as `show` shows it; those of which nothing of Capital came are not there."""
    pool = await connect(place.settings, connections=1)
    try:
        for account in world.accounts:
            console.print(report(await document_from(pool, account.id)))
    finally:
        await pool.close()


async def _everything_told(place: Place) -> Sequence[Notification]:
    async with TopicReader.opened(place.cluster, place.settings.notifications_topic) as reader:
        return [Notification.of(record) for record in await reader.to_the_end(_READ_SECONDS)]


def _tail(place: Place) -> str:
    return "\n".join(place.serve.log.read_text(errors="replace").splitlines()[-20:])
