"""What is known already of what Stripe lists: events by their ids, offers with all their facts; it only reads."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from worker.rules.state import Offer
from worker.store.arrays import columns
from worker.store.codec import decode_offer
from worker.store.connection import Pool

# (account, created in seconds, id): where the event log keeps an event.
EventPlace = tuple[str, int, str]
# Whose it is, and its id.
OfferPlace = tuple[str, str]

EVENTS: Final = """
SELECT event_id
FROM event JOIN unnest($2::text[], $3::bigint[], $4::text[]) AS listed (account, seconds, event_id)
     USING (account, event_id)
WHERE livemode = $1 AND event.created = to_timestamp(listed.seconds)
"""

OFFERS: Final = """
SELECT offer_id, facts
FROM offer JOIN unnest($2::text[], $3::text[]) AS listed (account, offer_id) USING (account, offer_id)
WHERE livemode = $1
"""

# Released and not ended, as far as its status says.
OPEN: Final = """
SELECT account, offer_id FROM offer
WHERE livemode = $1 AND ($2::text IS NULL OR account = $2) AND status IN ('created', 'accepted', 'paid_out')
"""

ACCOUNT: Final = "SELECT EXISTS (SELECT FROM account WHERE livemode = $1 AND account = $2)"


async def known_events(pool: Pool, listed: Sequence[EventPlace], *, livemode: bool) -> Collection[str]:
    """The ids of those that the event log has. Raises Unavailable."""
    if not listed:
        return frozenset()
    async with pool.connection() as connection:
        rows = await connection.fetch(EVENTS, livemode, *columns(listed))
    return {row["event_id"] for row in rows}


async def known_offers(pool: Pool, listed: Sequence[OfferPlace], *, livemode: bool) -> Mapping[str, Offer]:
    """Those that have a row, by their ids. Raises Unavailable."""
    if not listed:
        return {}
    async with pool.connection() as connection:
        rows = await connection.fetch(OFFERS, livemode, *columns(listed))
    return {row["offer_id"]: decode_offer(row["offer_id"], row["facts"]) for row in rows}


async def open_offers(pool: Pool, account: str | None, *, livemode: bool) -> Collection[OfferPlace]:
    """The offers of an account, or of all, that were released and have not ended. Raises Unavailable."""
    async with pool.connection() as connection:
        rows = await connection.fetch(OPEN, livemode, account)
    return {(row["account"], row["offer_id"]) for row in rows}


async def is_known(pool: Pool, account: str, *, livemode: bool) -> bool:
    """Whether anything ever came of an account. Raises Unavailable."""
    async with pool.connection() as connection:
        return bool(await connection.fetchval(ACCOUNT, livemode, account))
