"""Loading: the rows a batch needs, as the rules know them; one statement a table, whatever the batch's size."""

from collections import defaultdict
from collections.abc import Mapping

from worker.ports import AccountKey, Wanted
from worker.rules.facts import Transaction, TransactionEvent
from worker.rules.state import AccountState, Offer
from worker.store.codec import decode_account, decode_offer
from worker.store.connection import Connection

ACCOUNTS = """
SELECT livemode, account, sequence, quarantined, facts
FROM account JOIN unnest($1::boolean[], $2::text[]) AS wanted (livemode, account) USING (livemode, account)
"""

OFFERS = """
SELECT livemode, account, offer_id, facts
FROM offer JOIN unnest($1::boolean[], $2::text[]) AS wanted (livemode, account) USING (livemode, account)
"""

TRANSACTIONS = """
SELECT livemode, account, transaction_id, type, reason, offer_id, advance_amount, fee_amount, total_amount, currency,
       extract(epoch FROM created_at)::bigint AS created_at, reversed_transaction,
       extract(epoch FROM event_created)::bigint AS event_created, event_id
FROM transaction JOIN unnest($1::boolean[], $2::text[], $3::text[]) AS wanted (livemode, account, transaction_id)
     USING (livemode, account, transaction_id)
"""

UPDATES = """
SELECT livemode, account, event_id
FROM event JOIN unnest($1::boolean[], $2::text[], $3::bigint[], $4::text[]) AS wanted (livemode, account, c, event_id)
     USING (livemode, account, event_id)
WHERE event.created = to_timestamp(wanted.c)
"""


async def accounts(connection: Connection, wanted: Wanted) -> Mapping[AccountKey, AccountState]:
    """The accounts wanted that have rows, each with all its offers."""
    keys = list(wanted.accounts)
    livemodes, names = [key[0] for key in keys], [key[1] for key in keys]
    offers: defaultdict[AccountKey, dict[str, Offer]] = defaultdict(dict)
    rows = await connection.fetch(ACCOUNTS, livemodes, names) if keys else []
    for row in await connection.fetch(OFFERS, livemodes, names) if rows else []:
        offers[row["livemode"], row["account"]][row["offer_id"]] = decode_offer(row["offer_id"], row["facts"])
    found = {}
    for livemode, account, sequence, quarantined, facts in rows:
        state = AccountState(account, livemode, sequence, offers[livemode, account], quarantined=quarantined)
        found[state.key] = decode_account(state, facts)
    return found


async def transactions(connection: Connection, wanted: Wanted) -> Mapping[AccountKey, Mapping[str, TransactionEvent]]:
    """The transactions wanted that are recorded."""
    pairs = list(wanted.transactions)
    rows = await connection.fetch(
        TRANSACTIONS, [key[0] for key, _ in pairs], [key[1] for key, _ in pairs], [identity for _, identity in pairs]
    )
    found: defaultdict[AccountKey, dict[str, TransactionEvent]] = defaultdict(dict)
    for row in rows:
        transaction = Transaction(
            id=row["transaction_id"],
            type=row["type"],
            reason=row["reason"],
            offer=row["offer_id"],
            advance_amount=row["advance_amount"],
            fee_amount=row["fee_amount"],
            total_amount=row["total_amount"],
            currency=row["currency"],
            created_at=row["created_at"],
            reversed_transaction=row["reversed_transaction"],
        )
        event = TransactionEvent(transaction, row["event_created"], row["event_id"])
        found[row["livemode"], row["account"]][transaction.id] = event
    return found


async def updates(connection: Connection, wanted: Wanted) -> Mapping[AccountKey, frozenset[str]]:
    """The line-of-credit events wanted that the event log already has."""
    items = list(wanted.updates)
    rows = await connection.fetch(
        UPDATES,
        [key[0] for key, _, _ in items],
        [key[1] for key, _, _ in items],
        [created for _, created, _ in items],
        [event_id for _, _, event_id in items],
    )
    found: defaultdict[AccountKey, set[str]] = defaultdict(set)
    for row in rows:
        found[row["livemode"], row["account"]].add(row["event_id"])
    return {key: frozenset(ids) for key, ids in found.items()}
