"""Small true worlds, drawn: what happened to an account, which events Stripe sent of it, and what its API answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.rules.lives import Life, discounted, transaction, with_fields
from worker.rules.facts import Fact, Fields, Observed, OfferAnswered, OfferEvent, SummaryAnswered, SurveyAnswered
from worker.rules.lookups import Lookup
from worker.rules.milestones import Milestone
from worker.rules.policies import Policy

M = Milestone
MARKETS: dict[Policy, tuple[tuple[str, str], ...]] = {
    "paydown": (("US", "usd"), ("AU", "aud")),
    "stacked": (("GB", "gbp"), ("FR", "eur"), ("DE", "eur")),
    "unknown": (("CA", "cad"),),
}
LIVES: tuple[tuple[Milestone, ...], ...] = (
    (M.CREATED,),
    (M.CREATED, M.EXPIRED),
    (M.CREATED, M.ACCEPTED_OTHER_OFFER),
    (M.CREATED, M.ACCEPTED),
    (M.CREATED, M.ACCEPTED, M.REJECTED),
    (M.CREATED, M.ACCEPTED, M.CANCELED),
    (M.CREATED, M.ACCEPTED, M.PAID_OUT),
    (M.CREATED, M.ACCEPTED, M.PAID_OUT, M.CANCELED),
    (M.CREATED, M.ACCEPTED, M.PAID_OUT, M.FULLY_REPAID),
)
TIMED = frozenset({M.ACCEPTED, M.CANCELED, M.FULLY_REPAID, M.PAID_OUT, M.REJECTED, M.REPLACED})


@dataclass(frozen=True)
class Happened:
    """One offer's true life: each milestone with its second, and the discount that Stripe determined in the end."""

    life: Life
    steps: tuple[tuple[Milestone, int], ...]
    discount: int | None = None

    def times(self, until: int) -> Fields:
        """The times of the first steps, as `status_transitions` shows them."""
        return {f"status_transitions.{step}_at": second for step, second in self.steps[:until] if step in TIMED}

    def observed(self, until: int | None = None) -> Observed:
        """The offer as the API shows it after so many of its steps; after all of them, with its discount."""
        until = len(self.steps) if until is None else until
        reached = {step for step, _ in self.steps[:until]}
        last = self.steps[until - 1][0]
        status = "delivered" if last is M.ACCEPTED_OTHER_OFFER else last.value
        observed = self.life.observed(
            status, id=f"obs_{self.life.id}_{until}", accepted=M.ACCEPTED in reached, at=9_999, **self.times(until)
        )
        return (
            discounted(observed, self.discount) if self.discount is not None and until == len(self.steps) else observed
        )


@dataclass(frozen=True)
class World:
    """Offers, what Stripe sent of them, and where. Some events were lost; no answer contradicts what happened."""

    policy: Policy
    country: str
    offers: tuple[Happened, ...]
    facts: tuple[Fact, ...]

    def answer(self, lookup: Lookup, due: int) -> Fact:
        """What Stripe answers in the end."""
        kind, subject = lookup
        if kind == "survey":
            return self.survey(due)
        if kind == "offer":
            return self.show(subject, due)
        return SummaryAnswered(due, None)

    def survey(self, due: int, until: int | None = None) -> SurveyAnswered:
        shown = tuple(offer.observed(until and min(until, len(offer.steps))) for offer in self.offers)
        return SurveyAnswered(f"survey_{due}_{until}", due, 1, 1, self.country, shown)

    def show(self, subject: str, due: int, until: int | None = None) -> OfferAnswered:
        for offer in self.offers:
            if offer.life.id == subject:
                return OfferAnswered(subject, due, offer.observed(until and min(until, len(offer.steps))))
        return OfferAnswered(subject, due, None)

    def milestones(self) -> set[str]:
        """Everything that the events that were not lost say has happened."""
        return {told for fact in self.facts if isinstance(fact, OfferEvent) for told in told_by(fact)}


def told_by(event: OfferEvent) -> Iterator[str]:
    yield f"{event.snapshot.offer}:{event.milestone}"
    if event.replaces:
        yield f"{event.snapshot.fields['replacement_for']}:{M.REPLACED}"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    policy = draw(st.sampled_from(sorted(MARKETS)))
    country, currency = draw(st.sampled_from(MARKETS[policy]))
    offers: list[Happened] = []
    for number in range(draw(st.sampled_from([3, 2, 1]))):
        offers.append(draw(_offers(number, currency, policy, offers)))
    if len(offers) == 3 and draw(st.booleans()):
        offers = _replaced(offers)
    facts = draw(_sent(offers))
    for amount in draw(st.lists(st.integers(1, 2), max_size=2)):
        paid = transaction(reason=draw(st.sampled_from(["refill", "automatic_withholding"])), total_amount=amount)
        facts.append(replace(paid, id=f"evt_{paid.transaction.reason}_{amount}"))
    return World(policy, country, tuple(offers), tuple(facts))


@st.composite
def _offers(draw: st.DrawFn, number: int, currency: str, policy: Policy, earlier: list[Happened]) -> Happened:
    """One more offer. The first finances the account; each other refills the one before it, or stands alone."""
    refills = bool(earlier) and draw(st.sampled_from([True, True, True, False]))
    # At 1, 1.2, 2, 2.2, 3 thousand seconds: an offer may be created in the very second of another's payout.
    created = 1_000 * (number + 1) + (draw(st.sampled_from([0, 200])) if number else 0)
    life = Life(
        "ABC"[number],
        "refill" if refills else "standard",
        created,
        currency,
        f"0.{number + 1}",
        draw(st.sampled_from([None, "0", "0.5"])) if refills else None,
    )
    steps = [(step, created + 100 * place) for place, step in enumerate(draw(st.sampled_from(LIVES)))]
    if steps[-1][0] is M.FULLY_REPAID:
        steps[-1] = (M.FULLY_REPAID, 9_000 + number)
    if refills:
        earlier[-1], steps = _repaying(earlier[-1], steps, policy)
    paid_out = any(step is M.PAID_OUT for step, _ in steps)
    discount = 500 if paid_out and life.discount_rate == "0.5" and draw(st.booleans()) else None
    return Happened(life, tuple(steps), discount)


def _repaying(
    original: Happened, steps: list[tuple[Milestone, int]], policy: Policy
) -> tuple[Happened, list[tuple[Milestone, int]]]:
    """Under pay-down a refill's payout repays its original; under stacking it is repaid only after it."""
    payout = next((second for step, second in steps if step is M.PAID_OUT), None)
    last = original.steps[-1][0]
    if policy == "paydown" and payout is not None and last in {M.PAID_OUT, M.FULLY_REPAID}:
        kept = tuple(step for step in original.steps if step[0] is not M.FULLY_REPAID)
        return replace(original, steps=(*kept, (M.FULLY_REPAID, payout))), steps
    if policy == "stacked" and steps[-1][0] is M.FULLY_REPAID and last is M.PAID_OUT:
        return original, steps[:-1]
    return original, steps


def _replaced(offers: list[Happened]) -> list[Happened]:
    """The last offer replaces the one before it, which was offered and no more."""
    before, last = offers[-2:]
    old = replace(before, steps=(before.steps[0], (M.REPLACED, last.life.created)), discount=None)
    return [*offers[:-2], old, replace(last, life=last.life.with_(replacement_for=before.life.id))]


@st.composite
def _sent(draw: st.DrawFn, offers: Sequence[Happened]) -> list[Fact]:
    """The events of all steps, with or without the times that some API versions render.

    A few were lost, and of the first offers Stripe may have sent nothing: the endpoint was set up after them.
    """
    timed = draw(st.booleans())
    lost = draw(st.sets(st.integers(0, 11), max_size=2))
    silent = draw(st.sampled_from([0, 0, 0, 1, 2]))
    events: list[OfferEvent] = []
    for offer in offers[silent:]:
        for place, (step, second) in enumerate(offer.steps, 1):
            if step is M.REPLACED:
                continue
            replaces = step is M.CREATED and offer.life.replacement_for is not None
            event = offer.life.event(step, second, replaces=replaces)
            events.append(with_fields(event, offer.times(place)) if timed else event)
    kept = [event for number, event in enumerate(events) if number not in lost]
    return [*kept, *draw(st.lists(st.sampled_from(kept).map(_twin), max_size=1))] if kept else []


def _twin(event: OfferEvent) -> OfferEvent:
    """Another event of the same type about the same offer, a second later and of another amount."""
    snapshot = replace(event.snapshot, created=event.snapshot.created + 1, id=f"{event.snapshot.id}_twin")
    return with_fields(replace(event, snapshot=snapshot), {"offered_terms.advance_amount": 99_999})
