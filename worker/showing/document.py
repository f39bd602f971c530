"""The document of an account: all that `show --json` says; a field may be added, and none changes its meaning.

Times are RFC 3339 UTC, money is minor units, rates are decimal strings, and unknown is null.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ModeName = Literal["live", "test"]


class Shape(BaseModel):
    """What all parts share: no field is ever left out, and the order of fields never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Released(Shape):
    """A notification that a record released."""

    sequence: int = Field(description="Its place among the account's notifications in this mode, from 1.")
    id: str
    type: str
    subject: str | None
    time: datetime = Field(description="When the record that released it arrived.")
    basis: str | None = Field(description="Of a milestone: known by an event, by the API's answer, or implied.")
    late: bool | None = Field(description="Of a milestone: whether a stronger one had been told before.")
    gap: list[str] | None = Field(description="Of a milestone: OFFER:MILESTONE that should have come before.")
    waited_seconds: float | None = Field(description="How long it was held; null where it never was.")
    redriven: bool = Field(description="Whether its record had been parked, and was applied by a redrive.")
    data: dict[str, Any] = Field(description="The notification's own data.")


class Unreleased(Shape):
    """Something that a record tells of and did not release by itself."""

    subject: str = Field(description="The offer, the transaction, or for a line of credit the event.")
    step: str = Field(description="The milestone, else `recorded` or `line_of_credit`.")
    state: Literal["held", "released_later", "released_before", "not_released"]
    waiting_for: list[str] = Field(description="While held: OFFER:MILESTONE that must be released before.")
    sequence: int | None = Field(description="The number under which it was released.")
    released_by: str | None = Field(description="The id of the record that released it.")


class Arrival(Shape):
    """One record of the account: a webhook, however often it came, an answer of Stripe's API, or a command."""

    id: str
    type: str | None
    object: str | None
    arrived_at: datetime = Field(description="Kafka's time of the record that came first.")
    created_at: datetime | None = Field(description="When it happened, as Stripe says.")
    times: int = Field(description="How often it came.")
    quiet: bool = Field(description="Whether what it made known was not to be told.")
    partition: int
    offset: int
    state: Literal["applied", "quarantined", "parked", "not_logged"] = Field(
        description="`parked` waits behind the quarantined one; `not_logged` is known only by what it released."
    )
    reason: str | None = Field(description="Why it was quarantined.")
    said: dict[str, Any] | None = Field(description="Of an answer of Stripe's API or a command: its own object.")
    released: list[Released]
    unreleased: list[Unreleased]
    copied_to: list[str] = Field(description="Other destinations it was passed on to: dead_letters, events.")


class Held(Shape):
    """A milestone that is known and waits."""

    offer: str
    milestone: str
    gate: str
    waiting_for: list[str]
    since: datetime
    until: datetime | None = Field(
        description="When Stripe is asked; null where it is asked about what this waits for, or at once."
    )


class Quarantine(Shape):
    """Why nothing more is applied to the account."""

    event: str
    reason: str
    since: datetime
    waiting: int = Field(description="How many records wait behind the quarantined one.")


class Terms(Shape):
    """Offered or accepted terms."""

    advance_amount: int | None
    fee_amount: int | None
    withhold_rate: str | None


class Discount(Shape):
    """The discount on the fee of the financing that was refilled."""

    state: str
    amount: int | None


class Link(Shape):
    """Which financing a refill refills, how that was found and how sure it is."""

    original: str | None
    method: str | None
    confidence: str | None
    evidence: list[str]
    revision: int


class Offer(Shape):
    """An offer as it is now."""

    id: str
    product_type: str | None
    financing_type: str | None
    status: str | None
    currency: str | None
    offered_terms: Terms | None
    accepted_terms: Terms | None
    policy: str | None
    link: Link | None
    discount: Discount | None
    replacement_for: str | None
    created_at: datetime | None
    expires_at: datetime | None


class Transaction(Shape):
    """A transaction as it was recorded."""

    id: str
    type: str | None
    reason: str | None
    offer: str | None
    advance_amount: int | None
    fee_amount: int | None
    total_amount: int | None
    currency: str | None
    created_at: datetime | None
    reversed_transaction: str | None


class RepaymentInterval(Shape):
    """The interval being repaid now."""

    due_at: datetime | None
    paid_amount: int | None
    remaining_amount: int | None


class Summary(Shape):
    """The financing summary as Stripe last showed it; under stacking it describes one of two financings."""

    status: str | None
    offer: str | None
    advance_amount: int | None
    fee_amount: int | None
    paid_amount: int | None
    remaining_amount: int | None
    currency: str | None
    withhold_rate: str | None
    current_repayment_interval: RepaymentInterval
    revision: int


class Lookup(Shape):
    """A question for Stripe that is open."""

    kind: str = Field(description="survey, offer or summary.")
    subject: str = Field(description="The offer; empty for the account itself.")
    due: datetime = Field(description="From when on it is to be asked.")
    attempts: int = Field(description="How often asking it failed.")
    retry_at: datetime = Field(description="When it is asked next.")


class Policy(Shape):
    """How refills behave for the account, and where that is known from."""

    name: str
    source: str | None


class Withholding(Shape):
    """From which financing's repayment Stripe withholds, and at which rate."""

    offer: str
    rate: str | None


class Mode(Shape):
    """The account in one mode; test and live share nothing."""

    mode: ModeName
    partition: int
    last_sequence: int = Field(description="The number of the last notification, 0 where there was none.")
    country: str | None
    policy: Policy | None
    withholding: Withholding | None
    quarantine: Quarantine | None
    arrivals: list[Arrival]
    held: list[Held]
    lookups: list[Lookup]
    offers: list[Offer]
    transactions: list[Transaction]
    summary: Summary | None


class Document(Shape):
    """One account; a mode in which nothing is known of it is missing."""

    account: str
    modes: list[Mode]
