"""The tables of a system without what depends on when a record arrived: by this, two runs of one world are equal."""

from collections.abc import Mapping

from tests.journeys.system import System

ARRIVAL: Mapping[str, tuple[str, ...]] = {
    "offer": ("facts",),
    "account": ("facts", "sequence"),
    "transaction": (),
    "refill_link": ("revision",),
    "held": ("since", "until"),
    "parked": ("record_offset", "recorded_at"),
    "event": ("record_offset", "recorded_at", "repeats"),
}


async def settled_tables(system: System) -> dict[str, list[object]]:
    """Every row of those tables as JSON, without the columns named."""
    # Answers to lookups have ids and times of their own.
    query = (
        "SELECT (to_jsonb(row) - $1::text[])::text FROM {} AS row "
        "WHERE coalesce(to_jsonb(row) ->> 'type', '') NOT LIKE 'capital.observation.%' ORDER BY 1"
    )
    return {
        table: [row for (row,) in await system.rows(query.format(table), list(columns))]
        for table, columns in ARRIVAL.items()
    }


async def sequences(system: System) -> dict[tuple[object, object], object]:
    """What each account's row says of how much was told of it."""
    rows = await system.rows("SELECT livemode, account, sequence FROM account WHERE sequence > 0")
    return {(livemode, account): sequence for livemode, account, sequence in rows}
