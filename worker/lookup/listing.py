"""Listing: what Stripe lists newest first, walked through oldest first, in stretches of time that fit into memory."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from worker.lookup.capital_api import Page, Shown
from worker.lookup.persistence import Persistence

FIRST_SECONDS: Final = 86_400
# A stretch with more is cut short, unless it is a single second; one with few makes the next one longer.
MOST: Final = 1_000
FEW: Final = MOST // 4

# A page of what was created within (from, to) seconds, behind an id.
Ask = Callable[[tuple[int, int], str | None], Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Everything that was created from the end of the stretch before it up to `reached` (seconds), oldest first."""

    shown: Sequence[Shown]
    reached: int


async def oldest_first(ask: Ask, start: int, stop: int, persistence: Persistence) -> AsyncIterator[Stretch]:
    """All that was created from `start` on and before `stop`. Raises NotAnswered.

    Whoever goes on at `reached` misses nothing and sees nothing twice.
    """
    width = FIRST_SECONDS
    while start < stop:
        end = min(start + width, stop)
        found = await _between(ask, (start, end), persistence)
        if found is None:
            # Found out only after pages that are thrown away: better a few stretches too many than too much again.
            width = max(1, (end - start) // 8)
            continue
        yield Stretch(found[::-1], end)
        start = end
        if len(found) < FEW:
            width *= 2


async def _between(ask: Ask, within: tuple[int, int], persistence: Persistence) -> list[Shown] | None:
    """All of a stretch, newest first; None where that is too much."""
    start, end = within
    found: list[Shown] = []
    page = await persistence.until_answered(partial(ask, within, None))
    found += page.shown
    while page.more:
        if len(found) >= MOST and end - start > 1:
            return None
        page = await persistence.until_answered(partial(ask, within, page.last))
        found += page.shown
    return found
