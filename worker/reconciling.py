"""Reconciling: joins Stripe's offers and the tables, says what drifted, and has it repaired by way of the topic."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from worker.catching_up import FIRST_OFFER, CatchUp, Found, Refused
from worker.lookup.capital_api import Shown
from worker.lookup.listing import oldest_first
from worker.store.known import OfferPlace, is_known, open_offers

# How long the lanes may take to apply what was put on the topic, before it is said to be waiting there.
APPLY_SECONDS: Final = 30
LOOK_SECONDS: Final = 0.2


@dataclass(slots=True)
class Report:
    """What was found in one mode.

    `waiting` are offers whose repair is on the topic and not in the tables yet; `young` counts offers that changed so
    short a time ago that their webhook may be on its way; `not_shown` are open here and not listed by Stripe.
    """

    livemode: bool
    compared: int = 0
    young: int = 0
    drifted: list[Found] = field(default_factory=list)
    repaired: list[Found] = field(default_factory=list)
    waiting: frozenset[str] = frozenset()
    not_shown: Sequence[OfferPlace] = ()


async def reconcile(catch_up: CatchUp, account: str | None, *, livemode: bool, repair: bool) -> Report:
    """Compare all offers of one mode, or those of one account; what drifted is repaired as it is found.

    Raises Unavailable, NotAnswered and HandoffFailed. Cut short at any point it has done no harm.
    """
    report = Report(livemode)
    missing = set(await open_offers(catch_up.pool, account, livemode=livemode))
    async for listed in _listed(catch_up, account, livemode=livemode):
        missing.difference_update((one["account"], one["id"]) for one in listed)
        report.compared += len(listed)
        found = await _settled(catch_up, await catch_up.drifted(listed, livemode=livemode), report)
        report.drifted += found
        repairable = [one for one in found if repair and one.drift.repairable]
        await catch_up.bring(repairable, livemode=livemode)
        report.repaired += repairable
    report.not_shown = sorted(missing)
    report.waiting = await _waiting(catch_up, report.repaired, livemode=livemode)
    return report


async def known_in(catch_up: CatchUp, account: str, livemodes: Sequence[bool]) -> Sequence[bool]:
    """Those of the modes in which the tables or Stripe know an account. Raises Refused where there is none."""
    found = []
    for livemode in livemodes:
        page = await catch_up.persistence.until_answered(
            partial(catch_up.api.offers_page, account, None, livemode=livemode)
        )
        if page.shown or await is_known(catch_up.pool, account, livemode=livemode):
            found.append(livemode)
    if not found:
        raise Refused(f"neither the tables nor Stripe know an account {account!r} with financing")
    return found


async def _listed(catch_up: CatchUp, account: str | None, *, livemode: bool) -> AsyncIterator[Sequence[Shown]]:
    """Every offer that Stripe lists, some at a time."""
    api, persistence = catch_up.api, catch_up.persistence
    if account is None:
        ask = partial(api.listed, "offers", livemode=livemode)
        async for stretch in oldest_first(ask, FIRST_OFFER, int(catch_up.clock.now()) + 1, persistence):
            yield stretch.shown
        return
    after: str | None = None
    while True:
        page = await persistence.until_answered(partial(api.offers_page, account, after, livemode=livemode))
        yield page.shown
        if not page.more:
            return
        after = page.last


async def _settled(catch_up: CatchUp, found: Sequence[Found], report: Report) -> Sequence[Found]:
    """Those that really drifted: not what is still on its way, and not what only came after Stripe was asked."""
    drifted: list[Found] = []
    for one in found:
        if one.read is not None and one.read.changed_at > catch_up.clock.now() - catch_up.settings.order_grace_seconds:
            report.young += 1
        elif "ahead" in one.drift.kinds:
            drifted += await _asked_again(catch_up, one, livemode=report.livemode)
        else:
            drifted.append(one)
    return drifted


async def _asked_again(catch_up: CatchUp, one: Found, *, livemode: bool) -> Sequence[Found]:
    """The same, from an answer that is newer than what the tables said."""
    shown = await catch_up.persistence.until_answered(partial(catch_up.api.offer, one.offer, livemode=livemode))
    return [one] if shown is None else await catch_up.drifted([shown], livemode=livemode)


async def _waiting(catch_up: CatchUp, repaired: Sequence[Found], *, livemode: bool) -> frozenset[str]:
    """Wait until the tables have what was repaired; which of it they do not have in time."""
    waiting = repaired
    try:
        async with asyncio.timeout(APPLY_SECONDS):
            while waiting := await _drifted_still(catch_up, waiting, livemode=livemode):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return frozenset(one.offer for one in waiting)
    return frozenset()


async def _drifted_still(catch_up: CatchUp, repaired: Sequence[Found], *, livemode: bool) -> Sequence[Found]:
    now = await catch_up.drifted([one.shown for one in repaired], livemode=livemode)
    return [one for one in now if one.drift.repairable]
