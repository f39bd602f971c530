"""Summaries: the last one shown of each account."""

from collections.abc import Iterator

from worker.ports import Batch
from worker.rules.state import AccountState
from worker.store.arrays import columns
from worker.store.together import Write

SUMMARIES = """
INSERT INTO summary (livemode, account, status, offer_id, advance_amount, fee_amount, paid_amount, remaining_amount,
                     currency, withhold_rate, interval_due_at, interval_paid_amount, interval_remaining_amount,
                     revision)
SELECT livemode, account, status, offer_id, advance_amount, fee_amount, paid_amount, remaining_amount, currency,
       withhold_rate::numeric, to_timestamp(interval_due_at), interval_paid_amount, interval_remaining_amount, revision
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::integer[])
     AS new (livemode, account, status, offer_id, advance_amount, fee_amount, paid_amount, remaining_amount, currency,
             withhold_rate, interval_due_at, interval_paid_amount, interval_remaining_amount, revision)
ON CONFLICT (livemode, account)
DO UPDATE SET status = excluded.status, offer_id = excluded.offer_id, advance_amount = excluded.advance_amount,
              fee_amount = excluded.fee_amount, paid_amount = excluded.paid_amount,
              remaining_amount = excluded.remaining_amount, currency = excluded.currency,
              withhold_rate = excluded.withhold_rate, interval_due_at = excluded.interval_due_at,
              interval_paid_amount = excluded.interval_paid_amount,
              interval_remaining_amount = excluded.interval_remaining_amount, revision = excluded.revision
"""


def write_summaries(batch: Batch) -> Iterator[Write]:
    """Write summaries that show something new."""
    rows = [_row(after) for before, after in batch.accounts if _told(before) != _told(after)]
    if rows:
        yield SUMMARIES, columns(rows)


def _told(state: AccountState) -> tuple[object, int]:
    return state.summary, state.summary_revision


def _row(state: AccountState) -> tuple[object, ...]:
    summary = state.summary
    interval = summary and summary.current_repayment_interval
    return (
        *state.key,
        summary and summary.status,
        summary and summary.offer,
        summary and summary.advance_amount,
        summary and summary.fee_amount,
        summary and summary.paid_amount,
        summary and summary.remaining_amount,
        summary and summary.currency,
        summary and summary.withhold_rate,
        interval and interval.due_at,
        interval and interval.paid_amount,
        interval and interval.remaining_amount,
        state.summary_revision,
    )
