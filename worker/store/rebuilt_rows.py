"""Rebuilt accounts: the rows they had go, all of them, before what their records make is written as if it were new.

Never the outbox or what is parked, and of the event log only what an event is about: it says what came.
"""

from collections.abc import Iterator
from typing import Final

from worker.ports import Batch
from worker.store.arrays import columns
from worker.store.together import Write

TABLES: Final = ("offer", "held", "refill_link", "transaction", "summary")

FORGET: Final = """
DELETE FROM {table} USING unnest($1::boolean[], $2::text[]) AS rebuilt (livemode, account)
WHERE ({table}.livemode, {table}.account) = (rebuilt.livemode, rebuilt.account)
"""

# What an event is about was read by the rules that were wrong, too.
CORRECT: Final = """
UPDATE event SET object_id = right_one.object_id
FROM unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[], $5::text[])
     AS right_one (livemode, account, created, event_id, object_id)
WHERE (event.livemode, event.account, event.created, event.event_id)
      = (right_one.livemode, right_one.account, to_timestamp(right_one.created), right_one.event_id)
  AND event.object_id IS DISTINCT FROM right_one.object_id
"""


def forget_rebuilt(batch: Batch) -> Iterator[Write]:
    """Remove what was concluded of the accounts that the batch rebuilds; their own rows are overwritten."""
    if batch.rebuilt:
        for table in TABLES:
            yield FORGET.format(table=table), columns(list(batch.rebuilt))
    if batch.subjects:
        rows = [(*key, created, identity, subject) for key, created, identity, subject in batch.subjects]
        yield CORRECT, columns(rows)
