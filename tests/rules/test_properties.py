"""The laws, on random small worlds: any order and repetition, any answer or failure in between, any grace run out."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.rules.account import Account
from tests.rules.lives import cause
from tests.rules.orders import EMPTY, Node, canonical, close, failing, step, tables
from tests.rules.telling import is_lasting
from tests.rules.worlds import World, told_by, worlds
from worker.rules.decide import decide
from worker.rules.facts import Fact, LookupFailed, Observed, OfferAnswered, OfferEvent, SurveyAnswered
from worker.rules.lookups import Lookup, lookups
from worker.rules.milestones import Milestone
from worker.rules.policy import resolve
from worker.rules.releases import MilestoneReleased
from worker.rules.state import AccountState
from worker.rules.withholding import outstanding
from worker.store.codec import decode_account, decode_offer, encode_account, encode_offer

SETTINGS = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MILESTONES = tuple(f":{milestone}" for milestone in Milestone)


@SETTINGS
@given(worlds(), st.data())
def test_any_order_and_repetition_ends_as_the_canonical_order_does(world: World, data: st.DataObject) -> None:
    order = data.draw(st.permutations(world.facts))
    again = data.draw(st.lists(st.sampled_from(order), max_size=3)) if order else []
    answer = data.draw(st.sampled_from([failing, world.answer]))
    node, straight = Node(EMPTY, frozenset()), Node(EMPTY, frozenset())
    for fact in [*order, *again]:
        node = step(node, fact)
    for fact in world.facts:
        straight = step(straight, fact)
    node, straight = close(node, answer), close(straight, answer)
    assert tables(node.state) == tables(straight.state)
    assert {told for told in node.told if is_lasting(told)} == {told for told in straight.told if is_lasting(told)}


@SETTINGS
@given(worlds(), st.data())
def test_what_is_kept_from_decision_to_decision_is_what_deriving_it_anew_finds(
    world: World, data: st.DataObject
) -> None:
    node = Node(EMPTY, frozenset())
    for fact in data.draw(st.permutations(world.facts)):
        node = step(node, fact)
        offers = node.state.offers.values()
        assert node.state.policy == resolve(node.state.country, offers)
        assert node.state.outstanding == outstanding(offers)


@SETTINGS
@given(worlds(), st.data())
def test_answers_nobody_waits_for_may_come_anywhere_too(world: World, data: st.DataObject) -> None:
    """Where every offer was announced, the same answers among the same events end in the same tables in any order."""
    announced = {fact.snapshot.offer for fact in world.facts if isinstance(fact, OfferEvent)}
    assume(announced == {offer.life.id for offer in world.offers})
    answers: list[Fact] = [world.survey(-1), world.survey(-1, 2), *(world.show(offer, -1) for offer in announced)]
    facts = [*world.facts, *answers]
    node, straight = Node(EMPTY, frozenset()), Node(EMPTY, frozenset())
    for fact in data.draw(st.permutations(facts)):
        node = step(node, fact)
    for fact in facts:
        straight = step(straight, fact)
    assert tables(close(node, world.answer).state) == tables(close(straight, world.answer).state)


@SETTINGS
@given(worlds(), st.data())
def test_with_answers_and_failures_anywhere_every_milestone_is_told_once_and_nothing_is_held(
    world: World, data: st.DataObject
) -> None:
    account = Stepping()
    account.live(world, data)
    told = {told for told in account.told if told.endswith(MILESTONES)}
    assert world.milestones() <= told
    assert told <= account.shown, "nothing is told that no event and no answer proved"
    assert [offer.id for offer in account.state.offers.values() if offer.holds] == []


@settings(SETTINGS, max_examples=60)
@given(worlds(), st.data())
def test_every_decision_touches_nothing_it_was_given_comes_out_the_same_again_and_survives_storage(
    world: World, data: st.DataObject
) -> None:
    Careful().live(world, data)


@SETTINGS
@given(worlds(), st.data())
def test_no_gap_names_what_a_truthful_answer_proves(world: World, data: st.DataObject) -> None:
    account = Stepping()
    for fact in data.draw(st.permutations(world.facts)):
        account.take(fact)
    account.finish(world, world.answer)
    proofs = proven(world.survey(0))
    gaps = {name for release in account.releases if isinstance(release, MilestoneReleased) for name in release.gap}
    assert gaps & proofs == set()


class Stepping(Account):
    """An account that remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: set[str] = set()

    def take(self, fact: Fact, at: int | None = None) -> None:
        self.hear(fact, at=at)
        self.shown |= proven(fact)

    def live(self, world: World, data: st.DataObject) -> None:
        """Hear everything in some order, with answers, failures, repeats and graces that run out in between."""
        waiting = list(data.draw(st.permutations(world.facts)))
        heard: list[Fact] = []
        while waiting:
            if data.draw(st.booleans()) and lookups(self.state):
                heard += self.ask(world, data)
            else:
                heard.append(waiting.pop())
                self.take(heard[-1])
            if data.draw(st.integers(0, 4)) == 0:
                self.take(data.draw(st.sampled_from(heard)))
        self.finish(world, data.draw(st.sampled_from([failing, world.answer])))

    def ask(self, world: World, data: st.DataObject) -> list[Fact]:
        """The question that is due first is answered in one of the ways that answers come."""
        lookup, due = min(lookups(self.state).items(), key=lambda item: (item[1], item[0]))
        answers = data.draw(st.sampled_from([newest, older, broken, failed]))(world, lookup, due)
        for answer in answers:
            self.take(answer, max(due, self.now))
        return answers

    def finish(self, world: World, answer: object) -> None:
        for _ in range(200):
            questions = lookups(self.state)
            if not questions:
                return
            lookup, due = min(questions.items(), key=lambda item: (item[1], item[0]))
            fact = world.answer(lookup, due) if answer == world.answer else failing(lookup, due)
            self.take(fact, max(due, self.now))
        raise AssertionError(f"questions never end: {dict(lookups(self.state))}")


class Careful(Stepping):
    """An account whose every decision is made twice, the second time from what storage gives back."""

    def take(self, fact: Fact, at: int | None = None) -> None:
        before, seen, told = self.state, canonical(self.state), len(self.releases)
        super().take(fact, at)
        assert canonical(before) == seen
        assert stored(self.state) == self.state
        again = decide(stored(before), fact, cause(at=self.now))
        assert (again.state, list(again.releases)) == (self.state, self.releases[told:])


def newest(world: World, lookup: Lookup, due: int) -> list[Fact]:
    return [world.answer(lookup, due)]


def older(world: World, lookup: Lookup, due: int) -> list[Fact]:
    """An answer from before the second step of every offer's life."""
    kind, subject = lookup
    if kind == "survey":
        return [world.survey(due, 1)]
    return [world.show(subject, due, 1)] if kind == "offer" else [world.answer(lookup, due)]


def broken(world: World, lookup: Lookup, due: int) -> list[Fact]:
    """A survey of three chunks of which the second is missing and the first comes twice."""
    if lookup[0] != "survey":
        return [failing(lookup, due)]
    whole = world.survey(due)
    first = SurveyAnswered("broken", due, 1, 3, whole.country, whole.offers[:1])
    return [first, first, SurveyAnswered("broken", due, 3, 3, whole.country, whole.offers[1:])]


def failed(world: World, lookup: Lookup, due: int) -> list[Fact]:
    return [LookupFailed(*lookup, due)]


def proven(fact: Fact) -> set[str]:
    """The milestones that a fact shows to have happened."""
    match fact:
        case OfferEvent():
            return set(told_by(fact)) | {f"{fact.snapshot.offer}:{proof}" for proof in fact.proves}
        case OfferAnswered(observed=Observed() as observed):
            return {f"{observed.snapshot.offer}:{proof}" for proof in observed.proves}
        case SurveyAnswered(offers=offers):
            return {f"{observed.snapshot.offer}:{proof}" for observed in offers for proof in observed.proves}
        case _:
            return set()


def stored(state: AccountState) -> AccountState:
    """The state as it comes back from the tables."""
    offers = {offer_id: decode_offer(offer_id, encode_offer(offer)) for offer_id, offer in state.offers.items()}
    kept = AccountState(state.account, state.livemode, state.sequence, offers, state.transactions, state.updates)
    return decode_account(kept, encode_account(state))
