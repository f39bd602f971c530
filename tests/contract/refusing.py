"""A database that refuses what the rules accept: an offer of an amount or more, by a constraint that a test plants."""

from tests.journeys.system import System


async def refuse_offers(system: System, most: int) -> None:
    """From now on no offer of so much or more can be written; a greater amount is a fix."""
    await system.rows(
        f"ALTER TABLE offer DROP CONSTRAINT IF EXISTS most, ADD CONSTRAINT most CHECK (offered_advance_amount < {most})"
    )
