"""Backfilling: joins Stripe's lists of what happened to the events topic; what is known already is left out."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from worker.catching_up import FIRST_OFFER, CatchUp
from worker.consumer.drift import ShownOffer
from worker.headers import QUIET
from worker.ingress import cloudevent, envelope
from worker.lookup.capital_api import NotAnswered, Shown
from worker.lookup.listing import oldest_first
from worker.lookup.observations import Observation
from worker.store import backfills
from worker.store.known import known_events

DAY: Final = 86_400
# Stripe keeps events for so long; what is older only shows in the offers as they are now.
EVENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Wish:
    """What to bring of one mode: from `since` until a time or the beginning of the backfill (seconds), told or not."""

    livemode: bool
    since: int
    until: int | None
    quiet: bool


@dataclass(frozen=True, slots=True)
class Walked:
    """One list walked through: what it had, what of it was put on the topic, and what was left to live webhooks.

    `begun_at` is where an earlier, unfinished walk had come to; the figures count it, too. Times are seconds.
    """

    list: backfills.List
    livemode: bool
    until: int
    begun_at: int | None
    listed: int
    appended: int


# Where the walk begins, ends and stands, in seconds, and how much it has put on the topic.
Progress = Callable[[backfills.Name, int, backfills.Standing], None]
Bring = Callable[[Sequence[Shown], int], Awaitable[int]]


def lists(wish: Wish, now: float) -> Sequence[backfills.List]:
    """The lists to walk through, in their order.

    In silence offers come first: with an account's offers known, no survey that an event asks for finds old news.
    Otherwise events do, for they say more than an offer does; and offers only for what is too old for events.
    """
    if wish.quiet:
        return ("offers", "events")
    return ("events", "offers") if wish.since < now - EVENT_DAYS * DAY else ("events",)


async def backfill(catch_up: CatchUp, wish: Wish, progress: Progress) -> Sequence[Walked]:
    """Bring what Stripe lists and nobody here knows. Raises NotAnswered, HandoffFailed and Unavailable.

    Killed and begun again with the same `since` and silence, it goes on where it was.
    """
    begun = int(catch_up.clock.now())
    walked = [await _walk(catch_up, wish, of, begun, progress) for of in lists(wish, begun)]
    await backfills.finish(catch_up.pool, livemode=wish.livemode, since=wish.since, quiet=wish.quiet)
    return walked


async def _walk(catch_up: CatchUp, wish: Wish, of: backfills.List, now: int, progress: Progress) -> Walked:
    """Walk through one list from where an earlier walk stands."""
    start = wish.since if of == "events" else FIRST_OFFER
    name = backfills.Name(wish.livemode, of, wish.since, wish.quiet)
    begun = standing = await backfills.begin(catch_up.pool, name, start, wish.until, now)
    bring: Bring = partial(_events if of == "events" else _offers, catch_up, wish)
    ask = partial(catch_up.api.listed, of, livemode=wish.livemode)
    async for stretch in oldest_first(ask, begun.reached, begun.until, catch_up.persistence):
        appended = await bring(stretch.shown, begun.until)
        await backfills.reach(catch_up.pool, name, stretch.reached, len(stretch.shown), appended)
        standing = backfills.Standing(
            begun.until, stretch.reached, standing.listed + len(stretch.shown), standing.appended + appended
        )
        progress(name, start, standing)
    begun_at = begun.reached if begun.reached > start else None
    return Walked(of, wish.livemode, begun.until, begun_at, standing.listed, standing.appended)


async def _events(catch_up: CatchUp, wish: Wish, listed: Sequence[Shown], _until: int) -> int:
    """Append the events that the log does not have."""
    records = [(event, event_record(event, quiet=wish.quiet)) for event in listed]
    places = [(record.key.decode(), event["created"], event["id"]) for event, record in records]
    known = await known_events(catch_up.pool, places, livemode=wish.livemode)
    new = [record for event, record in records if event["id"] not in known]
    await catch_up.append(new)
    return len(new)


def event_record(event: Shown, *, quiet: bool) -> Observation:
    """The record of an event of Stripe's as a webhook would have brought it, so that either is the other's repeat."""
    body = json.dumps(event, indent=2, ensure_ascii=False).encode()
    read = envelope.read(body)
    if read is None:
        raise NotAnswered("what Stripe lists is no event", in_vain=True)
    headers = cloudevent.headers(read)
    return Observation(cloudevent.key(read), body, (*headers, QUIET) if quiet else headers)


def _concerns(wish: Wish, read: ShownOffer, until: int) -> bool:
    """Whether an offer belongs to what is wished for.

    In silence all do, but those that changed since: a webhook of that is told, and must not find it known. Otherwise
    those that changed since then or still may; what ended long ago is no news.
    """
    return read.changed_at < until if wish.quiet else read.is_open or read.changed_at >= wish.since


async def _offers(catch_up: CatchUp, wish: Wish, listed: Sequence[Shown], until: int) -> int:
    """Append what Stripe shows of the offers that are not known so."""
    found = await catch_up.drifted(listed, livemode=wish.livemode)
    brought = [one for one in found if one.drift.repairable and one.read and _concerns(wish, one.read, until)]
    await catch_up.bring(brought, livemode=wish.livemode, quiet=wish.quiet)
    return len(brought)
