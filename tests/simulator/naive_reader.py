"""A reader who knows all that happened and all that Stripe shows, and reasons in the plainest way: no arrival, no time.

What the authors state by hand is compared with what it makes of a history.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from worker.simulator.books import OFFER, Books
from worker.simulator.histories import History
from worker.simulator.oracle import Notification
from worker.simulator.truths import DiscountState, OfferTruth, Policy, Truth, Withheld

PAYDOWN, STACKED = {"US", "AU"}, {"GB", "FR", "DE"}
STRONGEST_FIRST = (
    "canceled",
    "fully_repaid",
    "paid_out",
    "rejected",
    "replaced",
    "accepted_other_offer",
    "accepted",
    "expired",
    "created",
)
BEFORE = {
    "created": (),
    "accepted": ("created",),
    "paid_out": ("created", "accepted"),
    "fully_repaid": ("created", "accepted", "paid_out"),
    "rejected": ("created", "accepted"),
    "canceled": ("created", "accepted"),
    "expired": ("created",),
    "replaced": ("created",),
    "accepted_other_offer": ("created",),
}


@dataclass
class Read:
    """One offer as the reader sees it: as the API shows it in the end, and when it reached its milestones."""

    shown: dict[str, Any]
    milestones: dict[str, int]
    original: str | None = None
    amount: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.amount = self.shown.get("accepted_terms", {}).get("previous_financing_fee_discount_amount")

    @property
    def is_refill(self) -> bool:
        return bool(self.shown["product_type"] == "refill")

    @property
    def discount_rate(self) -> float:
        return self.shown["offered_terms"].get("previous_financing_fee_discount_rate") or 0

    @property
    def ended(self) -> bool:
        return bool({"fully_repaid", "canceled"} & self.milestones.keys()) or "charged_off_at" in self.shown


def read(history: History) -> dict[str, Read]:
    """The offers of a history, the oldest first."""
    shown = Books([history]).every(OFFER, livemode=history.livemode, account=history.account)
    # Of one second, Stripe's ids decide.
    oldest_first = sorted(shown, key=lambda offer: (offer["created"], offer["id"]))
    offers = {offer["id"]: Read(offer, _milestones(history, offer)) for offer in oldest_first}
    for offer in offers.values():
        offer.original = _original(history, offer, offers)
    return offers


def _milestones(history: History, offer: dict[str, Any]) -> dict[str, int]:
    found = {"created": offer["created"]}
    for event in history.sent:
        name = event.type.removeprefix("capital.financing_offer.")
        if event.subject == offer["id"] and name in BEFORE:
            found.setdefault(name, event.created)
        if event.subject == offer.get("replacement") and name == "replacement_created":
            found.setdefault("replaced", event.created)
    return found | {name.removesuffix("_at"): at for name, at in offer["status_transitions"].items()}


def _original(history: History, refill: Read, offers: dict[str, Read]) -> str | None:
    if not refill.is_refill:
        return None
    if "replacement_for" in refill.shown:
        return offers[refill.shown["replacement_for"]].original
    born = refill.milestones["created"]
    open_then = [
        offer
        for offer in offers.values()
        if offer is not refill
        and offer.milestones.get("paid_out", born + 1) <= born <= offer.milestones.get("fully_repaid", born)
        and (offer.shown["created"], offer.shown["id"]) < (born, refill.shown["id"])
    ]
    named = [offer for offer in open_then if offer.shown["id"] in _paid_by_refill(history)]
    latest = max(named or open_then, key=lambda offer: (offer.milestones["paid_out"], offer.shown["id"]))
    return str(latest.shown["id"])


def _paid_by_refill(history: History) -> set[str]:
    return {
        state.object["financing_offer"]
        for state in history.states
        if state.object.get("details", {}).get("reason") == "refill"
    }


def told(history: History) -> list[Notification]:
    """What is told of a history's offers and transactions: by time, but nothing before what it has to wait for."""
    mode = "live" if history.livemode else "test"
    ids = [f"{mode}:{ce_id}" for ce_id in (*_told_of_offers(history), *_told_of_transactions(history))]
    return [(ce_id, history.account, number) for number, ce_id in enumerate(ids, 1)]


def _told_of_offers(history: History) -> Iterator[str]:
    offers = read(history)
    waiting = sorted((at, offer, name) for offer, found in offers.items() for name, at in found.milestones.items())
    done: set[tuple[str, str]] = set()
    while waiting:
        free = next(step for step in waiting if _needs(history, offers, step[1], step[2]) <= done)
        waiting.remove(free)
        _, offer, name = free
        done.add((offer, name))
        yield f"{offer}:{name}"
        if name == "paid_out" and _discount(offers, offers[offer]) in {"none", "settled"}:
            yield f"{offer}:discount_settled"


def _needs(history: History, offers: dict[str, Read], offer: str, name: str) -> set[tuple[str, str]]:
    needs = {(offer, earlier) for earlier in BEFORE[name]}
    original = offers[offer].original
    gated = "paid_out" if history.country in PAYDOWN else "fully_repaid" if history.country in STACKED else None
    if original is not None and name == gated and "fully_repaid" in offers[original].milestones:
        needs.add((original, "fully_repaid"))
    return needs


def _told_of_transactions(history: History) -> Iterator[str]:
    for event in history.sent:
        if event.type == "capital.financing_transaction.created":
            yield f"{event.subject}:recorded"


def truth_of(history: History) -> Truth:
    """Where things stand in the end."""
    offers = read(history)
    truths = {
        offer_id: OfferTruth(
            status=next(status for status in STRONGEST_FIRST if status in offer.milestones),
            original=offer.original,
            discount_state=_discount(offers, offer),
            discount_amount=offer.amount,
        )
        for offer_id, offer in offers.items()
    }
    policy: Policy = "paydown" if history.country in PAYDOWN else "stacked" if history.country in STACKED else "unknown"
    return Truth(policy, truths, _withheld(policy, offers))


def _discount(offers: dict[str, Read], offer: Read) -> DiscountState:
    if offer.original is None:
        return "not_applicable"
    if offer.amount is not None:
        return "settled"
    if "paid_out" not in offer.milestones:
        return "pending"
    if not offer.discount_rate:
        return "none"
    return "undetermined" if offers[offer.original].ended else "pending"


def _withheld(policy: Policy, offers: dict[str, Read]) -> Withheld | None:
    still_open = [offer for offer in offers.values() if "paid_out" in offer.milestones and not offer.ended]
    still_open.sort(key=lambda offer: offer.milestones["paid_out"])
    if not still_open or (policy == "unknown" and len(still_open) > 1):
        return None
    target = still_open[0].shown["id"]
    brings_rate = offers[target]
    if policy == "stacked":
        undone = {"rejected", "canceled", "replaced"}
        for refill in offers.values():
            goes_back = refill.original in {target, brings_rate.shown["id"]}
            if goes_back and "accepted" in refill.milestones and not undone & refill.milestones.keys():
                brings_rate = refill
    return Withheld(target, str(brings_rate.shown["accepted_terms"]["withhold_rate"]))
