"""Assembling: the rows of an account, by the name of their table, as its document; it computes nothing from a clock."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from worker.showing.arrivals import arrivals_of
from worker.showing.document import (
    Discount,
    Document,
    Held,
    Link,
    Lookup,
    Mode,
    ModeName,
    Offer,
    Policy,
    Quarantine,
    RepaymentInterval,
    Summary,
    Terms,
    Transaction,
    Withholding,
)

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

_MODES: Final[Mapping[bool, ModeName]] = {True: "live", False: "test"}


def document_of(account: str, tables: Tables) -> Document:
    """The document of an account from the rows of its tables, each table's in the order they are to be shown."""
    modes = [_mode(name, rows) for livemode, name in _MODES.items() if any((rows := _of(tables, livemode)).values())]
    return Document(account=account, modes=modes)


def _of(tables: Tables, livemode: bool) -> Tables:  # noqa: FBT001 - a column's value
    """The rows of one mode, without the column that says so."""
    return {
        table: [{name: row[name] for name in row if name != "livemode"} for row in rows if row["livemode"] == livemode]
        for table, rows in tables.items()
    }


def _mode(name: ModeName, tables: Tables) -> Mode:
    arrivals = arrivals_of(name, tables)
    account: Row = next(iter(tables["account"]), {})
    links = {row["refill"]: row for row in tables["refill_link"]}
    return Mode(
        mode=name,
        # An account whose only record was passed on to another partition has no row.
        partition=account["partition"] if account else arrivals[0].partition,
        last_sequence=account.get("sequence", 0),
        country=account.get("country"),
        policy=_policy(account),
        withholding=_withholding(account),
        quarantine=_quarantine(tables["parked"]),
        arrivals=arrivals,
        held=[Held(**row) for row in tables["held"]],
        lookups=[Lookup(**row) for row in tables["lookup"]],
        offers=[_offer(dict(row), links.get(row["id"])) for row in tables["offer"]],
        transactions=[Transaction(**row) for row in tables["transaction"]],
        summary=next((_summary(dict(row)) for row in tables["summary"]), None),
    )


def _policy(account: Row) -> Policy | None:
    name = account.get("policy")
    return None if name is None else Policy(name=name, source=account["policy_source"])


def _withholding(account: Row) -> Withholding | None:
    offer = account.get("withheld_offer_id")
    return None if offer is None else Withholding(offer=offer, rate=account["withhold_rate"])


def _quarantine(parked: Sequence[Row]) -> Quarantine | None:
    """The first record with a reason is the quarantined one; the others only wait."""
    cause = next((row for row in parked if row["reason"] is not None), None)
    if cause is None:
        return None
    return Quarantine(event=cause["id"], reason=cause["reason"], since=cause["arrived_at"], waiting=len(parked) - 1)


def _offer(row: dict[str, Any], link: Row | None) -> Offer:
    terms = {f"{which}_terms": _terms(row, which) for which in ("offered", "accepted")}
    state, amount = row.pop("discount_state"), row.pop("discount_amount")
    return Offer(
        **row,
        **terms,
        link=None if link is None else Link(**{name: link[name] for name in Link.model_fields}),
        discount=None if state is None else Discount(state=state, amount=amount),
    )


def _terms(row: dict[str, Any], which: str) -> Terms | None:
    """Take terms out of the row, as far as they are known; None where none of them is."""
    values = {name: row.pop(f"{which}_{name}") for name in Terms.model_fields}
    return None if all(value is None for value in values.values()) else Terms(**values)


def _summary(row: dict[str, Any]) -> Summary:
    interval = {name: row.pop(f"interval_{name}") for name in RepaymentInterval.model_fields}
    return Summary(**row, current_repayment_interval=RepaymentInterval(**interval))
