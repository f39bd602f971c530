"""Timelines: every row of one account as one moment shows it, for people to read; it never writes and never locks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from worker.store.connection import Connection, Pool

Row = Mapping[str, Any]

# Every key begins with the mode, so both modes are named lest the whole table be read.
WHOSE: Final = "WHERE livemode = ANY ($1::boolean[]) AND account = $2"

ACCOUNT: Final = f"""
SELECT livemode, partition, sequence, country, policy, policy_source, withheld_offer_id, withhold_rate::text,
       quarantined
FROM account {WHOSE}
"""  # noqa: S608 - joined from constants, as are the others

EVENTS: Final = f"""
SELECT livemode, event_id, type, object_id, created, partition, record_offset, recorded_at, repeats
FROM event {WHOSE} ORDER BY partition, record_offset
"""  # noqa: S608

ENTRIES: Final = f"""
SELECT livemode, partition, record_offset, destination, sequence, id, type, subject, time, causation_id,
       CASE destination WHEN 'notifications' THEN value END AS value
FROM outbox {WHOSE} ORDER BY partition, number
"""  # noqa: S608

HELD: Final = f"""
SELECT livemode, offer_id, milestone, gate, waiting_for, since, until
FROM held {WHOSE} ORDER BY since, offer_id, milestone
"""  # noqa: S608

PARKED: Final = f"""
SELECT livemode, event_id, partition, record_offset, recorded_at, reason, value
FROM parked {WHOSE} ORDER BY partition, record_offset
"""  # noqa: S608

OFFERS: Final = f"""
SELECT livemode, offer_id, status, product_type, financing_type, currency, policy, original_offer_id, discount_state,
       discount_amount, offered_advance_amount, offered_fee_amount, offered_withhold_rate::text,
       accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate::text, replacement_for, created_at,
       expires_at
FROM offer {WHOSE} ORDER BY created_at, offer_id
"""  # noqa: S608

TRANSACTIONS: Final = f"""
SELECT livemode, transaction_id, type, reason, offer_id, advance_amount, fee_amount, total_amount, currency,
       created_at, reversed_transaction
FROM transaction {WHOSE} ORDER BY event_created, event_id
"""  # noqa: S608

STATEMENTS: Final = {
    "account": ACCOUNT,
    "event": EVENTS,
    "outbox": ENTRIES,
    "held": HELD,
    "parked": PARKED,
    "offer": OFFERS,
    "transaction": TRANSACTIONS,
}

HOLDING: Final = """
SELECT livemode, account, offer_id, milestone, gate, waiting_for, since, until FROM held ORDER BY since LIMIT $1
"""


async def rows_of(pool: Pool, account: str, livemodes: Sequence[bool]) -> Mapping[str, Sequence[Row]]:
    """The rows of an account in these modes by the name of their table, arrivals in order. Raises Unavailable.

    All are read from one snapshot, so that no event stands without what it released.
    """
    async with pool.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return {
            table: await _fetched(connection, statement, list(livemodes), account)
            for table, statement in STATEMENTS.items()
        }


async def holding(pool: Pool, most: int = 1_000) -> Sequence[Row]:
    """What all accounts hold now, the longest held first, at most `most` of it. Raises Unavailable."""
    async with pool.connection() as connection:
        return await _fetched(connection, HOLDING, most)


async def _fetched(connection: Connection, statement: str, *values: object) -> Sequence[Row]:
    return [dict(row) for row in await connection.fetch(statement, *values)]
