"""Held milestones: what waits, for whom to see; only those that came, changed or went are written."""

from collections.abc import Iterator

from worker.ports import Batch
from worker.store.arrays import columns
from worker.store.together import Write

UNHOLD = """
DELETE FROM held USING unnest($1::boolean[], $2::text[], $3::text[], $4::text[])
       AS gone (livemode, account, offer_id, milestone)
WHERE (held.livemode, held.account, held.offer_id, held.milestone)
      = (gone.livemode, gone.account, gone.offer_id, gone.milestone)
"""

HOLD = """
INSERT INTO held (livemode, account, offer_id, milestone, gate, waiting_for, since, until)
SELECT livemode, account, offer_id, milestone, gate, string_to_array(waiting_for, ' '),
       'epoch'::timestamptz + since * interval '1 ms', 'epoch'::timestamptz + until * interval '1 ms'
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
     AS new (livemode, account, offer_id, milestone, gate, waiting_for, since, until)
ON CONFLICT (livemode, account, offer_id, milestone)
DO UPDATE SET gate = excluded.gate, waiting_for = excluded.waiting_for, since = excluded.since, until = excluded.until
"""


def write_holds(batch: Batch) -> Iterator[Write]:
    """Write what each offer holds, where that changed; no row is both removed and written."""
    gone: list[tuple[object, ...]] = []
    held: list[tuple[object, ...]] = []
    for state, before, offer in batch.changed_offers:
        was, now = before.holds if before else {}, offer.holds
        gone += [(*state.key, offer.id, milestone) for milestone in was if milestone not in now]
        # Ids have no spaces, so what a milestone waits for travels as one text.
        held += [
            (*state.key, offer.id, milestone, hold.gate, " ".join(hold.waiting_for), hold.since, hold.due)
            for milestone, hold in now.items()
            if was.get(milestone) != hold
        ]
    if gone:
        yield UNHOLD, columns(gone)
    if held:
        yield HOLD, columns(held)
