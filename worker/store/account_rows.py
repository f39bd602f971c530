"""Accounts: a row each with the account's own facts, beside the columns that readers select by."""

from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Final

from worker.ports import Batch
from worker.rules.state import AccountState
from worker.store.arrays import columns
from worker.store.codec import encode_account
from worker.store.together import Write

ACCOUNTS = """
INSERT INTO account (livemode, account, partition, sequence, country, policy, policy_source, withheld_offer_id,
                     withhold_rate, quarantined, facts)
SELECT livemode, account, $1, sequence, country, policy, policy_source, withheld_offer_id, withhold_rate::numeric,
       quarantined, facts::json
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::boolean[], $11::text[])
     AS new (livemode, account, sequence, country, policy, policy_source, withheld_offer_id, withhold_rate,
             quarantined, facts)
ON CONFLICT (livemode, account)
DO UPDATE SET sequence = excluded.sequence, country = excluded.country, policy = excluded.policy,
              policy_source = excluded.policy_source, withheld_offer_id = excluded.withheld_offer_id,
              withhold_rate = excluded.withhold_rate, quarantined = excluded.quarantined, facts = excluded.facts
"""


ROWS_OF_THEIR_OWN: Final = frozenset({"offers", "transactions", "updates", "outstanding"})
_own: Final = attrgetter(*(field.name for field in fields(AccountState) if field.name not in ROWS_OF_THEIR_OWN))


def write_accounts(batch: Batch) -> Iterator[Write]:
    """Write the accounts that are new or whose own facts changed."""
    rows = [_row(after) for before, after in batch.accounts if _changed(before, after)]
    if rows:
        yield ACCOUNTS, [batch.before.partition, *columns(rows)]


def _changed(before: AccountState, after: AccountState) -> bool:
    """Whether an account is new or differs in more than what has rows of its own."""
    return not before.sequence or before.sequence != after.sequence or _own(before) != _own(after)


def _row(state: AccountState) -> tuple[object, ...]:
    withholding = state.withholding
    return (
        *state.key,
        state.sequence,
        state.country,
        state.policy.policy,
        state.policy.source,
        withholding and withholding.offer,
        withholding and withholding.rate,
        state.quarantined,
        encode_account(state),
    )
