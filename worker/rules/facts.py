"""Facts: what a record says, cleaned and typed, ready for a decision; never what the system concluded from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from worker.rules.milestones import Milestone

Value = str | int
LookupKind = Literal["survey", "offer", "summary"]

# Rates are canonical decimal strings, money is minor units, times are whole seconds since the epoch.
Fields = Mapping[str, Value]

# A snapshot's place among all snapshots of an offer: strength of its milestone, `created`, event id.
Rank = tuple[int, int, str]

# Fields that Stripe writes once: a second, different value is a conflict that a person should see.
WRITE_ONCE: Final = frozenset(
    {
        "product_type",
        "replacement_for",
        "offered_terms.advance_amount",
        "offered_terms.fee_amount",
        "offered_terms.currency",
        "offered_terms.withhold_rate",
        "offered_terms.previous_financing_fee_discount_rate",
        "accepted_terms.advance_amount",
        "accepted_terms.fee_amount",
        "accepted_terms.currency",
        "accepted_terms.withhold_rate",
        "accepted_terms.previous_financing_fee_discount_amount",
    }
)


@dataclass(frozen=True, slots=True)
class Cause:
    """The record a fact came in: its CloudEvents id and its Kafka timestamp in ms since the epoch.

    What a quiet record makes known is not told.
    """

    id: str
    timestamp: int
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An offer as one event or observation showed it.

    `fields` holds known values only, by Stripe's own path (`accepted_terms.fee_amount`): what was absent or null
    is not in it, so that merging can never erase. `created` is the event's, in seconds.
    """

    offer: str
    fields: Fields
    created: int
    id: str


@dataclass(frozen=True, slots=True)
class OfferEvent:
    """One of the nine `capital.financing_offer.*` events; `replaces` marks `replacement_created`."""

    milestone: Milestone
    snapshot: Snapshot
    proves: frozenset[Milestone]
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Transaction:
    """A `capital.financing_transaction.created` event's object, with the event's `created` and id to order by."""

    id: str
    type: str | None
    reason: str | None
    offer: str | None
    advance_amount: int | None
    fee_amount: int | None
    total_amount: int | None
    currency: str | None
    created_at: int | None
    reversed_transaction: str | None


@dataclass(frozen=True, slots=True)
class TransactionEvent:
    """A transaction was created."""

    transaction: Transaction
    created: int
    id: str


@dataclass(frozen=True, slots=True)
class RepaymentInterval:
    """The interval being repaid now: a time in seconds and two amounts in minor units."""

    due_at: int | None
    paid_amount: int | None
    remaining_amount: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """An account's financing summary; under stacking it describes one of two financings."""

    status: str | None
    offer: str | None
    advance_amount: int | None
    fee_amount: int | None
    paid_amount: int | None
    remaining_amount: int | None
    currency: str | None
    withhold_rate: str | None
    current_repayment_interval: RepaymentInterval | None


@dataclass(frozen=True, slots=True)
class LineOfCreditEvent:
    """The terms of a line of credit changed."""

    summary: Summary
    id: str


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """A capital event of a type nobody has documented: kept, acknowledged, and without effect."""

    type: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record of the account that cannot be applied: from here on the account's records wait behind it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Observed:
    """An offer as Stripe's API showed it: the milestone its status names, and all that it proves."""

    snapshot: Snapshot
    milestone: Milestone
    proves: frozenset[Milestone]


@dataclass(frozen=True, slots=True)
class SurveyAnswered:
    """One chunk of a survey: the account's country, where Stripe said it, and some of its offers.

    Chunks of one `survey` come in order, numbered from 1 to `of`; only the last one answers the question that was
    asked at `due` (ms).
    """

    survey: str
    due: int
    chunk: int
    of: int
    country: str | None
    offers: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The answer about one offer, asked for at `due` (ms): what the API showed, or None where it has no such offer.

    It announces the offer where somebody brought it for downstream to hear of; nothing had to be asked for that.
    """

    offer: str
    due: int
    observed: Observed | None
    announces: bool = False


@dataclass(frozen=True, slots=True)
class SummaryAnswered:
    """The answer about an account's summary, asked for at `due` (ms); None where the API has none."""

    due: int
    summary: Summary | None


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """A question that was given up: asked for at `due` (ms), about an offer or else the account."""

    kind: LookupKind
    subject: str
    due: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Everything that waited behind an unusable record has been applied."""


Fact = (
    OfferEvent
    | TransactionEvent
    | LineOfCreditEvent
    | UnknownEvent
    | Unusable
    | Resumed
    | SurveyAnswered
    | OfferAnswered
    | SummaryAnswered
    | LookupFailed
)
