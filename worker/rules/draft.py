"""The draft: one decision in the making; it collects changes over a frozen state and never leaves the decision."""

from collections.abc import Mapping
from dataclasses import dataclass

from worker.rules.facts import Cause
from worker.rules.releases import AttentionRaised, Reason, Release
from worker.rules.state import AccountState, Offer


@dataclass(frozen=True, slots=True)
class Graces:
    """How long a milestone is held before Stripe is asked, in ms: within an offer, and between offers."""

    order: int = 60_000
    gate: int = 900_000


class Draft:
    """A state being decided upon: offers changed so far, offers still to settle, and what is released."""

    __slots__ = (
        "attention",
        "cause",
        "graces",
        "offers",
        "quarantined",
        "releases",
        "state",
        "touched",
        "transactions",
        "updates",
    )

    def __init__(self, state: AccountState, cause: Cause, graces: Graces) -> None:
        self.state = state
        self.cause = cause
        self.graces = graces
        self.offers: dict[str, Offer] = dict(state.offers)
        self.transactions = state.transactions
        self.updates = state.updates
        self.attention = state.attention
        self.quarantined = state.quarantined
        self.touched: dict[str, None] = {}
        self.releases: list[Release] = []

    def offer(self, offer_id: str) -> Offer:
        """The offer as it now is; an empty one where nothing is known of it."""
        return self.offers.get(offer_id) or Offer(offer_id)

    def put(self, offer: Offer) -> None:
        """Keep a changed offer and have its gates asked again."""
        self.offers[offer.id] = offer
        self.touched[offer.id] = None

    def release(self, release: Release) -> None:
        """Tell downstream, in the order of these calls."""
        self.releases.append(release)

    def raise_attention(self, reason: Reason, subject: str, detail: str) -> None:
        """Ask a person to look, once for each reason and subject."""
        if (reason, subject) not in self.attention:
            self.attention |= {(reason, subject)}
            self.release(AttentionRaised(reason, subject, detail))

    def finish(self) -> AccountState:
        """The state after the decision."""
        return AccountState(
            self.state.account,
            self.state.livemode,
            self.state.sequence + len(self.releases),
            self.offers,
            self.transactions,
            self.updates,
            self.attention,
            self.quarantined,
        )


def changed_offers(before: AccountState, after: AccountState) -> Mapping[str, Offer]:
    """The offers of `after` that are not the very same as in `before`."""
    return {offer_id: offer for offer_id, offer in after.offers.items() if before.offers.get(offer_id) is not offer}
