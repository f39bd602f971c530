"""Builders of facts: events of an original and its refills, with a default for everything and what differs."""

from dataclasses import dataclass, replace
from typing import TypeVar

from worker.rules.facts import Cause, Fields, Observed, OfferEvent, Snapshot, Transaction, TransactionEvent, Value
from worker.rules.milestones import Milestone
from worker.rules.statuses import milestone_of, proven_by

AMOUNT = "accepted_terms.previous_financing_fee_discount_amount"

Shown = TypeVar("Shown", OfferEvent, Observed)

ACCEPTED_ON = frozenset({Milestone.ACCEPTED, Milestone.PAID_OUT, Milestone.FULLY_REPAID, Milestone.REJECTED})


@dataclass(frozen=True)
class Life:
    """One offer whose events are made here; times are seconds."""

    id: str
    product_type: str | None = "standard"
    created: int = 1_000
    currency: str = "usd"
    rate: str = "0.15"
    discount_rate: str | None = None
    disclaimer: str | None = None
    replacement_for: str | None = None

    def event(
        self,
        milestone: Milestone,
        created: int,
        *,
        id: str | None = None,
        replaces: bool = False,
        accepted: bool | None = None,
        status: str | None = None,
        **more: Value,
    ) -> OfferEvent:
        """The event of a milestone; `more` are fields by path with `__` for a dot.

        Its snapshot shows accepted terms where the milestone comes after an acceptance, and the milestone's own status,
        unless `accepted` and `status` say something else.
        """
        if accepted is None:
            accepted = milestone in ACCEPTED_ON or milestone is Milestone.CANCELED
        fields: dict[str, Value] = dict(self.fields(accepted=accepted))
        fields |= {name.replace("__", "."): value for name, value in more.items()}
        snapshot = Snapshot(self.id, fields, created, id or f"evt_{self.id}_{milestone}")
        proves = proven_by(status or milestone.value, accepted=accepted)
        return OfferEvent(milestone, snapshot, proves, replaces)

    def events(self, *milestones: Milestone) -> list[OfferEvent]:
        """One event for each, the first when the offer was created and each other 100 s after the one before."""
        return [self.event(milestone, self.created + 100 * number) for number, milestone in enumerate(milestones)]

    def funded(self) -> list[OfferEvent]:
        """Created, accepted and paid out, in 200 s."""
        return self.events(Milestone.CREATED, Milestone.ACCEPTED, Milestone.PAID_OUT)

    def fields(self, *, accepted: bool) -> Fields:
        """What Stripe shows of the offer, before or after its acceptance."""
        fields: dict[str, Value | None] = {
            "product_type": self.product_type,
            "created": self.created,
            "disclaimer_variant": self.disclaimer,
            "replacement_for": self.replacement_for,
            "offered_terms.currency": self.currency,
            "offered_terms.advance_amount": 100_000,
            "offered_terms.withhold_rate": self.rate,
            "offered_terms.previous_financing_fee_discount_rate": self.discount_rate,
        }
        if accepted:
            fields |= {"accepted_terms.currency": self.currency, "accepted_terms.withhold_rate": self.rate}
        return {name: value for name, value in fields.items() if value is not None}

    def observed(
        self, status: str, *, id: str = "obs", at: int = 5_000, accepted: bool | None = None, **more: Value
    ) -> Observed:
        """The offer as the API shows it with a status."""
        if accepted is None:
            accepted = status in {"accepted", "paid_out", "fully_repaid"}
        proves = proven_by(status, accepted=accepted)
        fields = dict(self.fields(accepted=accepted)) | {name.replace("__", "."): v for name, v in more.items()}
        return Observed(Snapshot(self.id, fields, at, id), milestone_of(status), proves)

    def with_(self, **changes: object) -> "Life":
        return replace(self, **changes)  # type: ignore[arg-type]  # a test names fields


def with_fields(shown: Shown, fields: Fields) -> Shown:
    """The same event or answer, showing more fields."""
    snapshot = replace(shown.snapshot, fields={**shown.snapshot.fields, **fields})
    return replace(shown, snapshot=snapshot)


def discounted(shown: Shown, amount: int) -> Shown:
    """The same event or answer, showing a discount amount besides."""
    return with_fields(shown, {AMOUNT: amount})


def cause(id: str = "evt", at: int = 0, *, quiet: bool = False) -> Cause:
    """A record's id and its Kafka timestamp in ms, and whether it is to be taken in silence."""
    return Cause(id, at, quiet)


def transaction(id: str = "cptxn_1", **changes: object) -> TransactionEvent:
    """A payment, told by one event."""
    details = Transaction(id, "payment", "automatic_withholding", "A", 100, 10, 110, "usd", 3_000, None)
    return TransactionEvent(replace(details, **changes), 3_001, f"evt_{id}")  # type: ignore[arg-type]  # as above
