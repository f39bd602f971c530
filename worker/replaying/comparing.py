"""Comparing: what differs between the live tables and a replay's shadow, as far as the plan goes."""

from collections.abc import Callable

from worker.replaying.opening import Replay
from worker.store import differences
from worker.store.differences import Comparison, Difference, Sides


async def compare(replay: Replay, found: Callable[[Difference], None]) -> Comparison:
    """Compare; `found` hears of each difference, those of an account one after another. Raises Unavailable."""
    plan = replay.plan
    numbered = [span.partition for span in plan.spans if plan.numbers(span)]
    sides = Sides(replay.settings.database_schema, replay.schema, plan.accounts, numbered)
    return await differences.compare(replay.live, sides, found)
