"""One account under decision: facts go in one by one, what downstream is told is kept, and time is set by hand."""

from tests.rules.lives import cause
from tests.rules.orders import EMPTY, check
from tests.rules.telling import name, names
from worker.rules.decide import DEFAULT_TIMING, Decision, decide
from worker.rules.discount import State, state_of
from worker.rules.draft import Timing
from worker.rules.facts import Fact, LookupFailed, LookupKind, Observed, OfferAnswered, SurveyAnswered
from worker.rules.lookups import lookups
from worker.rules.milestones import Milestone
from worker.rules.releases import AttentionRaised, MilestoneReleased, Release, WithholdingChanged
from worker.rules.state import AccountState, Hold, Link, Offer


class Account:
    """What is heard is decided at once; every release must be new and legal."""

    def __init__(self, timing: Timing = DEFAULT_TIMING) -> None:
        self.state: AccountState = EMPTY
        self.timing = timing
        self.now = 0
        self.releases: list[Release] = []

    @property
    def told(self) -> list[str]:
        return names(self.releases)

    def hear(self, *facts: Fact, at: int | None = None, quiet: bool = False) -> list[str]:
        """Decide facts at a time in ms, if need be in silence; the ids of what was told of them."""
        self.now = self.now if at is None else at
        before = len(self.releases)
        for fact in facts:
            decision = decide(self.state, fact, cause(at=self.now, quiet=quiet), self.timing)
            self._keep(decision)
        return names(self.releases[before:])

    def _keep(self, decision: Decision) -> None:
        check(decision, frozenset(self.told))
        assert decision.state.sequence == self.state.sequence + len(decision.releases)
        self.state = decision.state
        self.releases += decision.releases

    def due(self, kind: LookupKind, subject: str = "") -> int | None:
        """When Stripe is to be asked a question, in ms; None where it is not."""
        return lookups(self.state).get((kind, subject))

    def _ask(self, kind: LookupKind, subject: str = "") -> int:
        due = self.due(kind, subject)
        assert due is not None, f"nobody asks for {kind} {subject}: {dict(lookups(self.state))}"
        return due

    def fail(self, kind: LookupKind, subject: str = "") -> list[str]:
        """A question that is open is given up at the time it is due."""
        due = self._ask(kind, subject)
        return self.hear(LookupFailed(kind, subject, due), at=max(due, self.now))

    def survey(self, *offers: Observed, country: str | None = None) -> list[str]:
        """The survey that is due is answered whole."""
        due = self._ask("survey")
        return self.hear(SurveyAnswered(f"survey_{due}", due, 1, 1, country, offers), at=max(due, self.now))

    def show(self, offer: str, observed: Observed | None = None) -> list[str]:
        """The question about an offer is answered when it is due; with nothing, as 404 does."""
        due = self._ask("offer", offer)
        return self.hear(OfferAnswered(offer, due, observed), at=max(due, self.now))

    def wait_in_vain(self, offer: str) -> list[str]:
        """The three questions about an offer that a hold asks are all given up; what was told of the last one."""
        self.fail("offer", offer)
        self.fail("offer", offer)
        return self.fail("offer", offer)

    def offer(self, offer: str) -> Offer:
        return self.state.offers[offer]

    def status(self, offer: str) -> Milestone | None:
        return self.offer(offer).status

    def link(self, refill: str) -> Link | None:
        return self.offer(refill).link

    def hold(self, offer: str, milestone: Milestone) -> Hold:
        return self.offer(offer).holds[milestone]

    def discount(self, refill: str) -> State:
        return state_of(self.offer(refill))

    def active(self) -> list[str]:
        """The open financings, the oldest payout first."""
        return list(self.state.active)

    def withheld(self) -> tuple[str, str | None] | None:
        """(target, rate), None where nothing is withheld or nobody can say."""
        withholding = self.state.withholding
        return None if withholding is None else (withholding.offer, withholding.rate)

    def withholdings(self) -> list[tuple[str, str | None] | None]:
        """Every (target, rate) that downstream was told, in order."""
        changes = [release.withholding for release in self.releases if isinstance(release, WithholdingChanged)]
        return [None if change is None else (change.offer, change.rate) for change in changes]

    def release(self, told: str) -> MilestoneReleased:
        """The release of a milestone, by its id."""
        found = [release for release in self.releases if name(release) == told]
        assert len(found) == 1, f"{told} was told {len(found)} times: {self.told}"
        assert isinstance(found[0], MilestoneReleased)
        return found[0]

    def attention(self) -> list[tuple[str, str]]:
        """(reason, subject) of everything a person was asked to look at, in order."""
        return [(release.reason, release.subject) for release in self.releases if isinstance(release, AttentionRaised)]
