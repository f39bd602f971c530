"""The draft: one decision in the making; it collects changes over a frozen state and never leaves the decision."""

from dataclasses import dataclass

from worker.rules.evolve import evolve
from worker.rules.facts import Cause, LookupKind
from worker.rules.identities import identity_of
from worker.rules.milestones import Milestone
from worker.rules.releases import AttentionRaised, Reason, Release
from worker.rules.state import AccountState, Offer


@dataclass(frozen=True, slots=True)
class Timing:
    """How long rules wait before Stripe is asked, in ms: within an offer, between offers, and for a discount."""

    order: int = 60_000
    gate: int = 900_000
    discount: tuple[int, ...] = (60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 259_200_000, 604_800_000)


class Draft:
    """A state being decided upon.

    `offers` are as they now are; those `touched` are still to settle. `answered` are (offer, due) of answers still
    to be counted for what waited for them. What is doubtful is derived anew when the draft settles; `stale` says
    that withholding is. While it is `silent`, what is released is not told.
    """

    __slots__ = (
        "answered",
        "cause",
        "links_doubtful",
        "offers",
        "policy_doubtful",
        "releases",
        "silent",
        "stale",
        "state",
        "timing",
        "touched",
        "withholding",
    )

    def __init__(self, state: AccountState, cause: Cause, timing: Timing) -> None:
        # A copy of the draft's own: the state given is never touched.
        self.state = evolve(state)
        self.cause = cause
        self.timing = timing
        self.offers: dict[str, Offer] = dict(state.offers)
        self.withholding = state.withholding
        self.touched: dict[str, None] = {}
        self.answered: list[tuple[str, int]] = []
        self.releases: list[Release] = []
        self.silent = cause.quiet
        self.policy_doubtful = False
        self.stale = False
        self.links_doubtful = False

    def change(self, **facts: object) -> None:
        """Change the account's own facts."""
        for name, value in facts.items():
            # Frozen for everybody else; until the decision is finished nobody else has it.
            object.__setattr__(self.state, name, value)

    def offer(self, offer_id: str) -> Offer:
        """The offer as it now is; an empty one where nothing is known of it."""
        return self.offers.get(offer_id) or Offer(offer_id)

    def is_released(self, name: str) -> bool:
        """Whether a milestone, named `OFFER:MILESTONE`, has been released."""
        offer, _, milestone = name.rpartition(":")
        return milestone in self.offer(offer).released

    def refills(self) -> list[Offer]:
        """The account's refills, as they now are."""
        return [self.offers[refill] for refill in self.state.refills]

    def put(self, offer: Offer) -> None:
        """Keep a changed offer and have its gates asked again."""
        self.offers[offer.id] = offer
        self.touched[offer.id] = None
        # While nothing is open, only a payout opens anything, or another policy or link.
        if self.state.active:
            self.stale = True

    def touch_refills_of(self, original: str) -> None:
        """Have the gates of the refills of an offer asked again."""
        for refill in self.refills():
            if refill.link is not None and refill.link.original == original:
                self.touched[refill.id] = None

    def release(self, release: Release, *, owed: bool | None = None) -> None:
        """Tell downstream, in the order of these calls: what is `owed`; where that is not said, all but in silence.

        What it was told of too early it is not told again.
        """
        foretold = self.state.foretold
        if foretold and (identity := identity_of(self.state.account, release)) in foretold:
            self.change(foretold=foretold - {identity})
        elif not self.silent if owed is None else owed:
            self.releases.append(release)

    def owes(self, offer: Offer, milestone: Milestone) -> bool:
        """Whether to tell what belongs to a released milestone of an offer: its link or its discount.

        Who heard of the milestone hears of that, whoever brings it. Otherwise it is told only as news: not in silence,
        nor with the milestone itself.
        """
        if milestone not in offer.quiet:
            return True
        before = self.state.offers.get(offer.id)
        return not self.silent and before is not None and milestone in before.released

    def raise_attention(self, reason: Reason, subject: str, detail: str) -> None:
        """Ask a person to look, once for each reason and subject."""
        if (reason, subject) not in self.state.attention:
            self.change(attention=self.state.attention | {(reason, subject)})
            self.release(AttentionRaised(reason, subject, detail))

    def ask_survey(self) -> None:
        """Have Stripe asked for the account's country and offers, at once; an answer asked for before is too old."""
        self._ask("survey", self.state.survey_due)
        self.change(survey_due=self.cause.timestamp)

    def ask_summary(self) -> None:
        """Have Stripe asked for the account's summary, at once; an answer asked for before is too old."""
        self._ask("summary", self.state.summary_due)
        self.change(summary_due=self.cause.timestamp)

    def _ask(self, kind: LookupKind, pending: int | None) -> None:
        """Keep for whom a question is asked: once it is open for somebody who is to be told, it stays so."""
        asked = self.state.quietly_asked
        if self.silent and pending is None:
            self.change(quietly_asked=asked | {kind})
        elif not self.silent and kind in asked:
            self.change(quietly_asked=asked - {kind})

    def finish(self) -> AccountState:
        """The state after the decision."""
        self.change(offers=self.offers, sequence=self.state.sequence + len(self.releases))
        return self.state
