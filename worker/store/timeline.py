"""Timelines: every row of one account as one moment shows it, for people to read; it never writes and never locks.

Columns are named as the document of an account names its fields.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from worker.store.connection import Connection, Pool

Row = Mapping[str, Any]

# Every key begins with the mode, so both modes are named lest a whole table be read.
WHOSE: Final = "WHERE livemode = ANY ($1::boolean[]) AND account = $2"

ACCOUNT: Final = f"""
SELECT livemode, partition, sequence, country, policy, policy_source, withheld_offer_id, withhold_rate::text
FROM account {WHOSE}
"""  # noqa: S608 - joined from constants, as are the others

EVENTS: Final = f"""
SELECT livemode, event_id AS id, type, object_id AS object, created AS created_at, partition, record_offset AS offset,
       recorded_at AS arrived_at, repeats, quiet,
       CASE WHEN type LIKE 'capital.observation.%' OR type LIKE 'capital.command.%' THEN body END AS body
FROM event {WHOSE} ORDER BY partition, record_offset
"""  # noqa: S608

ENTRIES: Final = f"""
SELECT livemode, partition, record_offset AS offset, destination, sequence, id, type, subject, time, causation_id,
       CASE destination WHEN 'notifications' THEN value END AS value
FROM outbox {WHOSE} ORDER BY partition, number
"""  # noqa: S608

HELD: Final = f"""
SELECT livemode, offer_id AS offer, milestone, gate, waiting_for, since, until
FROM held {WHOSE} ORDER BY since, offer_id, milestone
"""  # noqa: S608

PARKED: Final = f"""
SELECT livemode, event_id AS id, partition, record_offset AS offset, recorded_at AS arrived_at, reason, value
FROM parked {WHOSE} ORDER BY partition, record_offset
"""  # noqa: S608

OFFERS: Final = f"""
SELECT livemode, offer_id AS id, status, product_type, financing_type, currency, policy, discount_state,
       discount_amount, offered_advance_amount, offered_fee_amount, offered_withhold_rate::text,
       accepted_advance_amount, accepted_fee_amount, accepted_withhold_rate::text, replacement_for, created_at,
       expires_at
FROM offer {WHOSE} ORDER BY created_at, offer_id
"""  # noqa: S608

LINKS: Final = f"""
SELECT livemode, refill_offer_id AS refill, original_offer_id AS original, method, confidence, evidence, revision
FROM refill_link {WHOSE}
"""  # noqa: S608

TRANSACTIONS: Final = f"""
SELECT livemode, transaction_id AS id, type, reason, offer_id AS offer, advance_amount, fee_amount, total_amount,
       currency, created_at, reversed_transaction
FROM transaction {WHOSE} ORDER BY event_created, event_id
"""  # noqa: S608

SUMMARY: Final = f"""
SELECT livemode, status, offer_id AS offer, advance_amount, fee_amount, paid_amount, remaining_amount, currency,
       withhold_rate::text, interval_due_at, interval_paid_amount, interval_remaining_amount, revision
FROM summary {WHOSE}
"""  # noqa: S608

LOOKUPS: Final = f"""
SELECT livemode, kind, subject, due, attempts, retry_at FROM lookup {WHOSE} ORDER BY due, kind, subject
"""  # noqa: S608

STATEMENTS: Final = {
    "account": ACCOUNT,
    "event": EVENTS,
    "outbox": ENTRIES,
    "held": HELD,
    "parked": PARKED,
    "offer": OFFERS,
    "refill_link": LINKS,
    "transaction": TRANSACTIONS,
    "summary": SUMMARY,
    "lookup": LOOKUPS,
}

HOLDING: Final = """
SELECT livemode, account, offer_id AS offer, milestone, waiting_for FROM held ORDER BY since LIMIT $1
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
