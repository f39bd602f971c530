"""The truth at a history's end, stated by its author for checking tables; the worker's own rules are never asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Policy = Literal["stacked", "paydown", "unknown"]
DiscountState = Literal["not_applicable", "pending", "none", "settled", "undetermined"]

# What Stripe does in each country: said here a second time on purpose, so that a slip in either shows.
BEHAVIOUR: Final[Mapping[str, Policy]] = {
    "US": "paydown",
    "AU": "paydown",
    "GB": "stacked",
    "FR": "stacked",
    "DE": "stacked",
    "CA": "unknown",
}


@dataclass(frozen=True, slots=True)
class OfferTruth:
    """How one offer ended: its status, and for a refill its original and its discount (minor units, None if unknown).

    `undetermined` holds once the whole schedule of asking has ended; until then such a discount is `pending`.
    """

    status: str
    original: str | None = None
    discount_state: DiscountState = "not_applicable"
    discount_amount: int | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """The financing that is withheld for, and the rate as a decimal string such as `0.125`."""

    offer: str
    rate: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What the tables of one account and mode must say once all is delivered and every due question is answered.

    `withheld` is None while nothing is open, and while two are open and nobody knows which of them comes first.
    """

    policy: Policy
    offers: Mapping[str, OfferTruth]
    withheld: Withheld | None
