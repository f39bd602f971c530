"""Offers: a row each with all that is known of it, beside the columns that readers select by."""

from collections.abc import Iterator

from worker.ports import Batch
from worker.rules.discount import AMOUNT, state_of
from worker.rules.state import AccountState, Offer
from worker.store.arrays import columns
from worker.store.codec import encode_offer
from worker.store.together import Write

OFFERS = """
INSERT INTO offer (livemode, account, offer_id, status, product_type, financing_type, currency,
                   policy, original_offer_id, discount_state, discount_amount,
                   offered_advance_amount, offered_fee_amount, offered_withhold_rate,
                   accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate,
                   replacement_for, created_at, expires_at, facts)
SELECT livemode, account, offer_id, status, product_type, financing_type, currency,
       policy, original_offer_id, discount_state, discount_amount,
       offered_advance_amount, offered_fee_amount, offered_withhold_rate::numeric,
       accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate::numeric,
       replacement_for, to_timestamp(created_at), to_timestamp(expires_at), facts::json
FROM unnest($1::boolean[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::bigint[],
            $12::bigint[], $13::bigint[], $14::text[], $15::bigint[], $16::bigint[], $17::text[],
            $18::text[], $19::bigint[], $20::bigint[], $21::text[])
     AS new (livemode, account, offer_id, status, product_type, financing_type, currency,
             policy, original_offer_id, discount_state, discount_amount,
             offered_advance_amount, offered_fee_amount, offered_withhold_rate,
             accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate,
             replacement_for, created_at, expires_at, facts)
ON CONFLICT (livemode, account, offer_id)
DO UPDATE SET status = excluded.status, product_type = excluded.product_type,
              financing_type = excluded.financing_type, currency = excluded.currency,
              policy = excluded.policy, original_offer_id = excluded.original_offer_id,
              discount_state = excluded.discount_state, discount_amount = excluded.discount_amount,
              offered_advance_amount = excluded.offered_advance_amount,
              offered_fee_amount = excluded.offered_fee_amount,
              offered_withhold_rate = excluded.offered_withhold_rate,
              accepted_advance_amount = excluded.accepted_advance_amount,
              accepted_fee_amount = excluded.accepted_fee_amount,
              accepted_withhold_rate = excluded.accepted_withhold_rate,
              replacement_for = excluded.replacement_for, created_at = excluded.created_at,
              expires_at = excluded.expires_at, facts = excluded.facts
"""


def write_offers(batch: Batch) -> Iterator[Write]:
    """Write the offers that changed."""
    rows = [_row(state, offer) for state, _, offer in batch.changed_offers]
    if rows:
        yield OFFERS, columns(rows)


def _row(state: AccountState, offer: Offer) -> tuple[object, ...]:
    shown = offer.values()
    return (
        *state.key,
        offer.id,
        offer.status,
        shown.get("product_type"),
        shown.get("financing_type"),
        offer.currency,
        state.policy.policy,
        offer.link and offer.link.original,
        state_of(offer),
        shown.get(AMOUNT),
        shown.get("offered_terms.advance_amount"),
        shown.get("offered_terms.fee_amount"),
        shown.get("offered_terms.withhold_rate"),
        shown.get("accepted_terms.advance_amount"),
        shown.get("accepted_terms.fee_amount"),
        shown.get("accepted_terms.withhold_rate"),
        shown.get("replacement_for"),
        shown.get("created"),
        shown.get("expires_after"),
        encode_offer(offer),
    )
