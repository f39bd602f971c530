"""Two refills side by side: the same story in a pay-down and in a stacked market, as downstream heard both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from rich.table import Table

from worker.showing.identifiers import short_type
from worker.showing.notification import Notification

# What both lives share is left out, so that the difference stands alone.
_TELLING: Final = ("capital.offer.", "capital.refill.", "capital.withholding.")


@dataclass(frozen=True, slots=True)
class Life:
    """One account's notifications in their order, under a title."""

    title: str
    notifications: Sequence[Notification]


def side_by_side(left: Life, right: Life) -> Table:
    """Both lives as two columns, a line for each notification that tells something of a refill."""
    table = Table(title="A refill in two markets, as downstream heard it", title_justify="left", expand=True)
    table.add_column(left.title, ratio=1)
    table.add_column(right.title, ratio=1)
    for one, other in zip_longest(_lines(left.notifications), _lines(right.notifications), fillvalue=""):
        table.add_row(one, other)
    return table


def _lines(notifications: Iterable[Notification]) -> list[str]:
    telling = [told for told in notifications if told.type.startswith(_TELLING)]
    names = _names(telling)
    return [_line(told, names) for told in telling]


def _names(notifications: Iterable[Notification]) -> Mapping[str, str]:
    """What the offers are called: the original, the refill, a second refill and so on, by when they were offered."""
    offers: dict[str, dict[str, Any]] = {}
    for told in notifications:
        if "offer" in told.data:
            offers[told.data["offer"]["id"]] = told.data["offer"]
    names: dict[str, str] = {}
    counts = {"original": 0, "refill": 0}
    for offer in sorted(offers.values(), key=lambda offer: (offer["created_at"] or "", offer["id"])):
        kind = "refill" if offer["product_type"] == "refill" else "original"
        counts[kind] += 1
        names[offer["id"]] = kind if counts[kind] == 1 else f"{kind} {counts[kind]}"
    return names


def _line(told: Notification, names: Mapping[str, str]) -> str:
    data = told.data
    number = f"#{told.sequence:<3}"
    if told.type.startswith("capital.offer."):
        step = short_type(told.type).removeprefix("offer.")
        active = ", ".join(names.get(offer, offer) for offer in data["active_financings"]) or "none"
        return f"{number}{names[data['offer']['id']]} {step}  (active: {active})"
    if told.type.startswith("capital.withholding."):
        withheld = data["withholding"]
        what = f"from the {names.get(withheld['offer'], '?')} at {withheld['rate']}" if withheld else "nothing"
        return f"{number}  withheld: {what}"
    if told.type.startswith("capital.refill.linked."):
        return f"{number}  linked: {data['method']}, {data['confidence']}"
    discount = data["discount"]
    return f"{number}  discount {discount['state']}" + (f": {discount['amount']}" if discount["amount"] else "")
