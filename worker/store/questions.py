"""Questions for Stripe: taken by one resolver at a time, each for the length of a lease."""

from collections.abc import Sequence

from worker.ports import Question
from worker.store.connection import Pool

TAKE = """
WITH due AS (
    SELECT livemode, account, kind, subject FROM lookup WHERE retry_at <= now()
    ORDER BY retry_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE lookup SET attempts = attempts + 1, retry_at = now() + $2 * interval '1 second'
FROM due
WHERE (lookup.livemode, lookup.account, lookup.kind, lookup.subject)
      = (due.livemode, due.account, due.kind, due.subject)
RETURNING lookup.livemode, lookup.account, lookup.kind, lookup.subject,
          round(extract(epoch FROM lookup.due) * 1000)::bigint AS due, lookup.attempts
"""

# Only while it is still the same question: the rules may have asked it anew for another time meanwhile.
RETRY = """
UPDATE lookup SET retry_at = now() + $6 * interval '1 second'
WHERE livemode = $1 AND account = $2 AND kind = $3 AND subject = $4
  AND due = 'epoch'::timestamptz + $5 * interval '1 ms'
"""


class LookupQuestions:
    """The questions that are open (see `worker.ports.Questions`)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, most: int, lease_seconds: float) -> Sequence[Question]:
        """Up to `most` questions that are due; nobody else gets them before the lease ends."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(TAKE, most, lease_seconds)
        return [Question(**dict(row)) for row in rows]

    async def retry(self, question: Question, seconds: float) -> None:
        """Let a question be taken again after so many seconds."""
        async with self._pool.connection() as connection:
            await connection.execute(
                RETRY,
                question.livemode,
                question.account,
                question.kind,
                question.subject,
                question.due,
                seconds,
            )
