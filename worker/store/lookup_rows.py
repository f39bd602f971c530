"""Lookups: the questions that the rules want asked, written where the lookup role finds those that are due."""

from collections.abc import Iterator, Sequence

from worker.ports import Batch
from worker.rules.lookups import asks, lookups, own_questions
from worker.store.arrays import columns
from worker.store.together import Write

# A question that is still the same keeps the attempts made at it.
ASK = """
INSERT INTO lookup (livemode, account, kind, subject, due, retry_at)
SELECT livemode, account, kind, subject, at, at
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::bigint[])
     AS new (livemode, account, kind, subject, due),
     LATERAL (SELECT 'epoch'::timestamptz + due * interval '1 ms' AS at) AS time
ON CONFLICT (livemode, account, kind, subject)
DO UPDATE SET due = excluded.due, retry_at = excluded.retry_at, attempts = 0 WHERE lookup.due <> excluded.due
"""

FORGET = """
DELETE FROM lookup USING unnest($1::boolean[], $2::text[], $3::text[], $4::text[])
       AS gone (livemode, account, kind, subject)
WHERE (lookup.livemode, lookup.account, lookup.kind, lookup.subject)
      = (gone.livemode, gone.account, gone.kind, gone.subject)
"""

# Of a rebuilt account nothing is known but what is open now.
FORGET_OTHERS = """
DELETE FROM lookup USING unnest($1::boolean[], $2::text[]) AS rebuilt (livemode, account)
WHERE (lookup.livemode, lookup.account) = (rebuilt.livemode, rebuilt.account)
  AND NOT EXISTS (
    SELECT FROM unnest($3::boolean[], $4::text[], $5::text[], $6::text[]) AS open (livemode, account, kind, subject)
    WHERE (open.livemode, open.account, open.kind, open.subject)
          = (lookup.livemode, lookup.account, lookup.kind, lookup.subject)
  )
"""


def write_lookups(batch: Batch) -> Iterator[Write]:
    """Ask what is new or due at another time, forget what is no longer open."""
    asked: list[tuple[object, ...]] = []
    gone: list[tuple[object, ...]] = []
    # To find an account's questions, all its offers are gone through.
    doubtful = {
        state.key for state, was, offer in batch.changed_offers if asks(offer) or (was is not None and asks(was))
    }
    for before, after in batch.accounts:
        questions = lookups if after.key in doubtful else own_questions
        was, now = questions(before), questions(after)
        asked += [(*after.key, *lookup, due) for lookup, due in now.items() if was.get(lookup) != due]
        gone += [(*after.key, *lookup) for lookup in was.keys() - now.keys()]
    if batch.rebuilt:
        still_open = [question[:4] for question in asked]
        yield FORGET_OTHERS, [*columns(list(batch.rebuilt)), *_columns_of_four(still_open)]
    if gone:
        yield FORGET, columns(gone)
    if asked:
        yield ASK, columns(asked)


def _columns_of_four(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    """Rows as four arrays, also where there are none."""
    return [[row[place] for row in rows] for place in range(4)]
