"""Refill links: which financing each refill refills, as a table that joins."""

from collections.abc import Iterator

from worker.ports import Batch
from worker.rules.links import evidence_of
from worker.rules.state import AccountState, Offer
from worker.store.arrays import columns
from worker.store.together import Write

LINKS = """
INSERT INTO refill_link (livemode, account, refill_offer_id, original_offer_id, method, confidence, evidence, revision)
SELECT livemode, account, refill_offer_id, original_offer_id, method, confidence, string_to_array(evidence, ' '),
       revision
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[])
     AS new (livemode, account, refill_offer_id, original_offer_id, method, confidence, evidence, revision)
ON CONFLICT (livemode, account, refill_offer_id)
DO UPDATE SET original_offer_id = excluded.original_offer_id, method = excluded.method,
              confidence = excluded.confidence, evidence = excluded.evidence, revision = excluded.revision
"""


def write_links(batch: Batch) -> Iterator[Write]:
    """Write the links of refills that changed."""
    rows = [_row(state, offer) for state, _, offer in batch.changed_offers if offer.is_refill]
    if rows:
        yield LINKS, columns(rows)


def _row(state: AccountState, refill: Offer) -> tuple[object, ...]:
    link = refill.link
    return (
        *state.key,
        refill.id,
        link and link.original,
        link and link.method,
        link and link.confidence,
        " ".join(evidence_of(refill, state.offers)),
        refill.link_revision,
    )
