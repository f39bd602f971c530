"""The report: a document as a person reads it, each mode apart, what matters most at its head."""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from worker.showing import tables
from worker.showing.amounts import money, percent
from worker.showing.document import Document, Mode, Summary
from worker.showing.identifiers import short
from worker.showing.timeline import timeline
from worker.showing.times import full

_INDENT: Final = 2


def report(document: Document) -> RenderableType:
    """The whole document, readable at 100 columns; all times in it are UTC."""
    return Group(*(part for mode in document.modes for part in _mode(document.account, mode)))


def _mode(account: str, mode: Mode) -> Iterator[RenderableType]:
    yield Rule(Text(f"{account}  {mode.mode}", style="bold"), align="left", style="dim")
    yield Text(" · ".join(_counts(mode)))
    if known := " · ".join(_known(mode)):
        yield Text(known)
    yield from _quarantine(mode)
    yield from _section("What happened, in the order of arrival (UTC)", *timeline(account, mode.arrivals))
    for title, rows, table in (
        ("Held now", mode.held, tables.held(mode.held)),
        ("Questions for Stripe", mode.lookups, tables.lookups(mode.lookups)),
        ("Offers now", mode.offers, tables.offers(mode.offers)),
        ("Transactions", mode.transactions, tables.transactions(mode.transactions)),
    ):
        if rows:
            yield from _section(title, Padding.indent(table, _INDENT))
    if mode.summary is not None:
        yield from _section("Stripe's summary, as last seen", Padding.indent(_summary(mode.summary), _INDENT))
    yield Text()


def _section(title: str, *parts: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, style="bold underline")
    yield from parts


def _counts(mode: Mode) -> Iterator[str]:
    yield _count(len(mode.arrivals), "record")
    yield f"last notification #{mode.last_sequence}" if mode.last_sequence else "no notification yet"
    yield f"{len(mode.held)} held" if mode.held else "nothing held"


def _known(mode: Mode) -> Iterator[str]:
    if mode.country:
        yield f"country {mode.country}"
    if mode.policy:
        yield f"policy {mode.policy.name}" + (f", known by {mode.policy.source}" if mode.policy.source else "")
    if mode.withholding:
        yield f"{percent(mode.withholding.rate)} withheld for {short(mode.withholding.offer)}"


def _quarantine(mode: Mode) -> Iterator[Text]:
    found = mode.quarantine
    if found is None:
        return
    behind = "1 record waits" if found.waiting == 1 else f"{found.waiting} records wait"
    yield Text(f"QUARANTINED since {full(found.since)} by {found.event}", style="bold red")
    yield Text(f"  {found.reason}")
    yield Text(f"  Nothing after it is applied. {behind} behind it, until it is redriven or discarded.")
    yield Text("  Both are commands of `capital-worker dead-letters`.")


def _summary(summary: Summary) -> Text:
    offer = f" for {short(summary.offer)}" if summary.offer else ""
    paid, remaining = (money(part, summary.currency) for part in (summary.paid_amount, summary.remaining_amount))
    return Text(f"status {summary.status}{offer}: {paid} paid, {remaining} remain")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
