"""What downstream was told last of everything that may be revised, put together from the notifications themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from schemas.notifications import RefillLinked, Summary, SummaryObserved, WithholdingChanged
from schemas.records import ToldLink, ToldObject, ToldWithholding
from schemas.stripe_objects import SummaryObject

LINKED: Final = "capital.refill.linked.v1"
WITHHOLDING: Final = "capital.withholding.changed.v1"
SUMMARY: Final = "capital.summary.observed.v1"
REVISED: Final = frozenset({LINKED, WITHHOLDING, SUMMARY})


@dataclass(slots=True)
class LastWords:
    """Grows with each notification of an account, in order. `once` are the identities of what is told only once."""

    sequence: int = 0
    once: dict[str, None] = field(default_factory=dict)
    links: dict[str, RefillLinked] = field(default_factory=dict)
    withholding: WithholdingChanged | None = None
    summary: SummaryObserved | None = None

    def hear(self, sequence: int, identity: str, kind: str, value: bytes) -> None:
        """Take the next notification: its `ce_id` without the mode, its `ce_type` and its data."""
        self.sequence = sequence
        match kind:
            case "capital.refill.linked.v1":
                linked = RefillLinked.model_validate_json(value)
                self.links[linked.refill] = linked
            case "capital.withholding.changed.v1":
                self.withholding = WithholdingChanged.model_validate_json(value)
            case "capital.summary.observed.v1":
                self.summary = SummaryObserved.model_validate_json(value)
            case _:
                self.once[identity] = None

    def told(self, digest: str, foretold: Iterable[str]) -> ToldObject:
        """The part of a command that says what was told."""
        withholding = self.withholding and self.withholding.withholding
        return ToldObject(
            sequence=self.sequence,
            digest=digest,
            links=[_link(linked) for _, linked in sorted(self.links.items())],
            withholding=withholding and ToldWithholding(offer=withholding.offer, rate=withholding.rate),
            withholding_revision=0 if self.withholding is None else self.withholding.revision,
            summary=None if self.summary is None else _summary(self.summary.summary),
            summary_revision=0 if self.summary is None else self.summary.revision,
            foretold=sorted(foretold),
        )


def _link(linked: RefillLinked) -> ToldLink:
    shown: Mapping[str, Any] = linked.model_dump()
    return ToldLink.model_validate({name: shown[name] for name in ToldLink.model_fields})


def _summary(told: Summary) -> SummaryObject:
    """A summary as Stripe shows it: so it is read again in the way in which it was read first."""
    details = told.model_dump(exclude={"status", "offer"})
    interval = details["current_repayment_interval"]
    if interval is not None and interval["due_at"] is not None:
        interval["due_at"] = int(datetime.fromisoformat(interval["due_at"]).timestamp())
    return SummaryObject.model_validate({"status": told.status, "financing_offer": told.offer, "details": details})
