"""Held milestones: what waits, for whom to see; rewritten for an offer whenever what it holds changed."""

from collections.abc import Iterable
from itertools import chain

from worker.ports import Batch
from worker.rules.state import AccountState, Offer
from worker.store.arrays import columns
from worker.store.connection import Connection

UNHOLD = """
DELETE FROM held USING unnest($1::boolean[], $2::text[], $3::text[]) AS changed (livemode, account, offer_id)
WHERE (held.livemode, held.account, held.offer_id) = (changed.livemode, changed.account, changed.offer_id)
"""

HOLD = """
INSERT INTO held (livemode, account, offer_id, milestone, gate, waiting_for, since, until)
SELECT livemode, account, offer_id, milestone, gate, string_to_array(waiting_for, ' '),
       'epoch'::timestamptz + since * interval '1 ms', 'epoch'::timestamptz + until * interval '1 ms'
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
     AS new (livemode, account, offer_id, milestone, gate, waiting_for, since, until)
"""


async def write_holds(connection: Connection, batch: Batch) -> None:
    """Write anew what each offer holds, where that changed."""
    changed = [
        (state, offer)
        for state, before, offer in batch.changed_offers
        if offer.holds != (before.holds if before else {})
    ]
    if not changed:
        return
    await connection.execute(UNHOLD, *columns([(*state.key, offer.id) for state, offer in changed]))
    rows = list(chain.from_iterable(_rows(state, offer) for state, offer in changed))
    if rows:
        await connection.execute(HOLD, *columns(rows))


def _rows(state: AccountState, offer: Offer) -> Iterable[tuple[object, ...]]:
    """Ids have no spaces, so what a milestone waits for travels as one text."""
    for milestone, hold in offer.holds.items():
        yield (*state.key, offer.id, milestone, hold.gate, " ".join(hold.waiting_for), hold.since, hold.due)
