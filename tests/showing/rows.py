"""Builders of an account's rows as the store reads them, with a default for everything."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.showing.assembling import document_of
from worker.showing.document import Arrival, Mode

ACCOUNT = "acct_1sfe2Z1MrgcAmGSd"
OFFER = "financingoffer_1Ri30S9xYFDjzG5mV0dFNmL0"
OTHER = "financingoffer_1WkdLYhbT0YNP0WvgbBlMaFF"
START = datetime(2026, 11, 23, 16, 10, 12, tzinfo=UTC)

Row = dict[str, Any]


def at(seconds: float) -> datetime:
    """So many seconds after the start of a test's story."""
    return START + timedelta(seconds=seconds)


def event(offset: int, kind: str, subject: str | None = OFFER, **changes: Any) -> Row:  # noqa: ANN401 - any column
    """A logged event that came `offset` seconds after the start; its id is `evt_OFFSET`."""
    return {
        "livemode": True,
        "id": f"evt_{offset}",
        "type": f"capital.{kind}",
        "object": subject,
        "created_at": datetime(2025, 5, 7, 6, 28, 14, tzinfo=UTC),
        "partition": 0,
        "offset": offset,
        "arrived_at": at(offset),
        "repeats": 0,
        "quiet": False,
        "body": None,
    } | changes


def milestone(name: str, **changes: Any) -> Row:  # noqa: ANN401 - any field
    """The data of an offer notification, as far as anybody reads it here."""
    return {"basis": "event", "late": False, "gap": [], "offer": {"id": OFFER, "status": name}} | changes


def told(sequence: int, offset: int, step: str, *, data: Row | None = None, **changes: Any) -> Row:  # noqa: ANN401
    """The outbox row of a milestone that the event at this offset released."""
    return {
        "livemode": True,
        "partition": 0,
        "offset": offset,
        "destination": "notifications",
        "sequence": sequence,
        "id": f"live:{OFFER}:{step}",
        "type": f"capital.offer.{step}.v1",
        "subject": OFFER,
        "time": at(offset),
        "causation_id": f"evt_{offset}",
        "value": json.dumps(data or milestone(step)).encode(),
    } | changes


def passed_on(offset: int, destination: str, **changes: Any) -> Row:  # noqa: ANN401 - any column
    """The outbox row of a copy of the record at this offset."""
    return told(1, offset, "x", **{"destination": destination, "value": None} | changes) | {"sequence": None}


def hold(step: str, *missing: str, **changes: Any) -> Row:  # noqa: ANN401 - any column
    """A row of what is held."""
    return {
        "livemode": True,
        "offer": OFFER,
        "milestone": step,
        "gate": "G1",
        "waiting_for": list(missing),
        "since": at(0),
        "until": at(60),
    } | changes


def parked(offset: int, reason: str | None, value: bytes, **changes: Any) -> Row:  # noqa: ANN401 - any column
    """A parked record, the quarantined one where there is a reason."""
    return {
        "livemode": True,
        "id": f"evt_{offset}",
        "partition": 0,
        "offset": offset,
        "arrived_at": at(offset),
        "reason": reason,
        "value": value,
    } | changes


def offer(*, identity: str = OFFER, **changes: Any) -> Row:  # noqa: ANN401 - any column
    """An offer of 1,000.00 usd that was accepted at 800.00."""
    return {
        "livemode": True,
        "id": identity,
        "status": "accepted",
        "product_type": "standard",
        "financing_type": "flex_loan",
        "currency": "usd",
        "policy": "paydown",
        "discount_state": "not_applicable",
        "discount_amount": None,
        "offered_advance_amount": 100_000,
        "offered_fee_amount": 10_000,
        "offered_withhold_rate": "0.15",
        "accepted_advance_amount": 80_000,
        "accepted_fee_amount": 8_000,
        "accepted_withhold_rate": "0.15",
        "replacement_for": None,
        "created_at": at(-86_400),
        "expires_at": at(86_400),
    } | changes


def account(**changes: Any) -> Row:  # noqa: ANN401 - any column
    """The account's own row."""
    nothing = dict.fromkeys(("country", "policy", "policy_source", "withheld_offer_id", "withhold_rate"))
    return {"livemode": True, "partition": 0, "sequence": 0, **nothing} | changes


def tables(**rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
    """All tables of an account, empty where nothing is said."""
    names = ("account", "event", "outbox", "held", "parked", "offer", "refill_link", "transaction", "summary", "lookup")
    return {name: rows.get(name, [account()] if name == "account" else []) for name in names}


def live(**rows: Sequence[Row]) -> Mode:
    """The live mode of an account with these rows."""
    return document_of(ACCOUNT, tables(**rows)).modes[0]


def arrivals(**rows: Sequence[Row]) -> list[Arrival]:
    """The arrivals of an account with these rows."""
    return live(**rows).arrivals
