"""Drift: where what Stripe shows of an offer goes beyond what its account's lane knows; it changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError

from schemas.stripe_objects import OfferObject
from worker.consumer.facts import proven_in, snapshot_of
from worker.rules.discount import AMOUNT
from worker.rules.facts import WRITE_ONCE, Snapshot
from worker.rules.milestones import STRENGTH, Milestone
from worker.rules.state import Offer
from worker.rules.statuses import milestone_of

Kind = Literal["unknown_offer", "missed", "charged_off", "discount", "terms", "ahead", "unreadable"]

OPEN_AT_STRIPE: Final = frozenset({"undelivered", "delivered", "accepted", "paid_out"})
# What else was told can stand beside an older word of Stripe's: it has no status of its own for each of our milestones.
FURTHER: Final = frozenset({Milestone.ACCEPTED, Milestone.PAID_OUT, Milestone.FULLY_REPAID, Milestone.CANCELED})


@dataclass(frozen=True, slots=True)
class Drift:
    """How one offer differs: milestones that Stripe proves and nobody here knows, fields, and both statuses."""

    kinds: tuple[Kind, ...]
    missed: tuple[Milestone, ...] = ()
    fields: tuple[str, ...] = ()
    here: str | None = None
    stripe: str | None = None

    @property
    def repairable(self) -> bool:
        """Whether an observation brings what is missing: nothing takes back what was told, or reads the unreadable."""
        return not {"ahead", "unreadable"}.issuperset(self.kinds)


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """An offer as Stripe lists it, read; `changed_at` (seconds) is the latest time it names of anything done to it."""

    status: str | None
    snapshot: Snapshot
    changed_at: int

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> "ShownOffer | None":
        """What an object shows, None where it cannot be read."""
        try:
            offer = OfferObject.model_validate(shown)
        except ValidationError:
            return None
        transitions = offer.status_transitions
        times = [offer.created, offer.charged_off_at, *(transitions.model_dump().values() if transitions else ())]
        snapshot = snapshot_of(offer, 0, "")
        return cls(offer.status, snapshot, max((at for at in times if at is not None), default=0))

    @property
    def proves(self) -> frozenset[Milestone]:
        """The milestones that it shows to have happened."""
        return proven_in(self.status, self.snapshot)

    @property
    def is_open(self) -> bool:
        """Whether Stripe shows it as neither closed nor repaid."""
        return self.status in OPEN_AT_STRIPE


def drift_of(known: Offer | None, shown: ShownOffer) -> Drift | None:
    """How what is known of an offer differs from what is shown, None where it does not.

    Waiting is no drift: what is known and not released yet has its gates.
    """
    stripe = shown.status
    if known is None or not known.announced:
        return Drift(("unknown_offer",), _ordered(shown.proves), here=None, stripe=stripe)
    missed = _ordered(shown.proves - known.known.keys())
    fields = tuple(sorted(name for name in WRITE_ONCE & shown.snapshot.fields.keys() if _differs(known, shown, name)))
    if missed:
        # What a milestone that was missed would have shown is missed with it.
        fields = tuple(name for name in fields if known.value(name) is not None)
    kinds: dict[Kind, bool] = {
        "missed": bool(missed),
        "charged_off": "charged_off_at" in shown.snapshot.fields and not known.charged_off,
        "discount": AMOUNT in fields,
        "terms": bool(set(fields) - {AMOUNT}),
        "ahead": _is_ahead(known, shown),
    }
    found = tuple(kind for kind, is_so in kinds.items() if is_so)
    return Drift(found, missed, fields, known.status, stripe) if found else None


def _differs(known: Offer, shown: ShownOffer, name: str) -> bool:
    return known.value(name) != shown.snapshot.fields[name]


def _is_ahead(known: Offer, shown: ShownOffer) -> bool:
    """Whether more was told than Stripe shows of an offer that it still shows as open."""
    status = known.status
    if status not in FURTHER or status in shown.proves or not shown.is_open:
        return False
    return STRENGTH[status] > STRENGTH[milestone_of(shown.status)]


def _ordered(milestones: frozenset[Milestone]) -> tuple[Milestone, ...]:
    return tuple(sorted(milestones, key=STRENGTH.__getitem__))
