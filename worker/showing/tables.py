"""Tables of what an account has now: what it holds and asks, its offers and transactions, ids in full."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from worker.showing.amounts import money, terms
from worker.showing.document import Held, Lookup, Offer, Terms, Transaction
from worker.showing.identifiers import awaited, short
from worker.showing.times import full

_GATES: Final = {
    "G1": "within an offer, one step rests on another",
    "G2": "a pay-down refill is paid out once its original ended",
    "G3": "stacked financings are repaid one after the other",
    "G4": "policy or original are not known yet",
}
_WHOLE: Final = frozenset({"offer", "status", "transaction", "of", "total"})
_STATUSES: Final = {"paid_out": "green", "canceled": "red", "rejected": "red"}


def held(holds: Sequence[Held]) -> Table:
    """What waits: for what, by which gate, since when, and when Stripe is asked."""
    table = _table("offer", "milestone", "waits for", "since", "Stripe is asked")
    for hold in holds:
        gate = f"\n{hold.gate}: {_GATES.get(hold.gate, 'not known here')}"
        why = Text.assemble(awaited(hold.waiting_for, hold.offer), (gate, "dim"))
        milestone = Text(hold.milestone, style="bold yellow")
        table.add_row(short(hold.offer), milestone, why, _stacked(hold.since), _stacked(hold.until))
    return table


def lookups(rows: Sequence[Lookup]) -> Table:
    """What Stripe is to be asked, and when."""
    table = _table("question", "about", "due", "failed", "asked next")
    for row in rows:
        about = short(row.subject) if row.subject else "the account"
        table.add_row(row.kind, about, full(row.due), f"{row.attempts} times", full(row.retry_at))
    return table


def offers(rows: Sequence[Offer]) -> Table:
    """Each offer with its id, products, status, terms, and where it is a refill what it refills."""
    table = _table("offer", "status", "terms: advance + fee at rate")
    for offer in rows:
        products = ", ".join(name for name in (offer.product_type, offer.financing_type) if name)
        dates = f"created {full(offer.created_at)}\nexpires {full(offer.expires_at)}"
        status = Text(offer.status or "none yet", style=_STATUSES.get(offer.status or "", "bold"))
        table.add_row(Text.assemble(offer.id, (f"\n{products}\n{dates}", "dim")), status, "\n".join(_conditions(offer)))
    return table


def _conditions(offer: Offer) -> Iterator[str]:
    yield from _of_terms("offered", offer.offered_terms, offer.currency)
    yield from _of_terms("accepted", offer.accepted_terms, offer.currency)
    if offer.replacement_for:
        yield f"replaces {short(offer.replacement_for)}"
    if offer.link and offer.link.original:
        yield f"refills {short(offer.link.original)} ({offer.link.method}, {offer.link.confidence})"
    yield f"policy {offer.policy or '-'}, {_discount(offer)}"


def _of_terms(which: str, shown: Terms | None, currency: str | None) -> Iterator[str]:
    if shown is not None:
        yield f"{which} {terms(shown.advance_amount, shown.fee_amount, shown.withhold_rate, currency)}"


def _discount(offer: Offer) -> str:
    if offer.discount is None or offer.discount.state == "not_applicable":
        return "no refill"
    amount = offer.discount.amount
    return f"discount {offer.discount.state}" + ("" if amount is None else f" {money(amount, offer.currency)}")


def transactions(rows: Sequence[Transaction]) -> Table:
    """Each transaction with its id, kind, offer and amounts."""
    table = _table("transaction", "of", "what", "total", "advance + fee")
    for row in rows:
        what = "\n".join(name for name in (row.type, row.reason) if name)
        table.add_row(
            Text.assemble(row.id, (f"\n{full(row.created_at)}", "dim")),
            short(row.offer or "-"),
            what,
            money(row.total_amount, row.currency),
            f"{money(row.advance_amount, row.currency)}\n+ {money(row.fee_amount, row.currency)}",
        )
    return table


def _stacked(moment: datetime | None) -> str:
    """The date above the time, to save columns."""
    return full(moment).replace(" ", "\n")


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        # Ids and statuses are copied from here: what gives way on a narrow screen is text that wraps.
        table.add_column(column, no_wrap=column in _WHOLE)
    return table
