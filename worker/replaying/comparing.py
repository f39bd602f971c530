"""Comparing: what differs between the live tables and a replay's shadow, as far as the plan goes."""

from worker.replaying.opening import Replay
from worker.store import differences
from worker.store.differences import Comparison, Findings, Sides


async def compare(replay: Replay, findings: Findings) -> Comparison:
    """Compare, telling each difference as it is found. Raises Unavailable."""
    sides = Sides(replay.settings.database_schema, replay.schema, replay.plan.accounts)
    return await differences.compare(replay.live, sides, findings)
