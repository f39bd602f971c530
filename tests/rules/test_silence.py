"""Silence only leaves out: the same facts, some of them quiet, end in the same tables and tell a part of the same."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.orders import canonical, tables
from tests.rules.telling import names
from tests.rules.test_properties import SETTINGS, Stepping, stored
from tests.rules.worlds import World, worlds
from worker.rules.decide import decide
from worker.rules.facts import Cause, Fact, OfferEvent
from worker.rules.lookups import lookups
from worker.rules.state import AccountState

EMPTY = AccountState("acct_1", livemode=True)


@dataclass
class Hearing:
    """What one system makes of facts, and all that it told."""

    state: AccountState = EMPTY
    told: list[str] = field(default_factory=list)

    def hear(self, fact: Fact, cause: Cause) -> None:
        decision = decide(self.state, fact, cause)
        assert decision.state.sequence == self.state.sequence + len(decision.releases)
        self.state = decision.state
        self.told += names(decision.releases)


@dataclass
class Both:
    """The same facts heard by a system that is told some of them in silence, and by one that hears all of them."""

    adopting: Hearing = field(default_factory=Hearing)
    hearing: Hearing = field(default_factory=Hearing)
    now: int = 0

    def hear(self, fact: Fact, *, quiet: bool) -> None:
        self.adopting.hear(fact, Cause("rec", self.now, quiet))
        self.hearing.hear(fact, Cause("rec", self.now))
        assert tables(self.adopting.state) == tables(self.hearing.state)
        assert lookups(self.adopting.state) == lookups(self.hearing.state)
        assert stored(self.adopting.state) == self.adopting.state
        assert is_part(self.adopting.told, self.hearing.told)

    def answer(self, world: World) -> None:
        lookup, due = min(lookups(self.adopting.state).items(), key=lambda item: (item[1], item[0]))
        self.now = max(self.now, due)
        self.hear(world.answer(lookup, due), quiet=False)


def is_part(some: list[str], of: list[str]) -> bool:
    """Whether the one is the other with something left out."""
    rest = iter(of)
    return all(told in rest for told in some)


def bare(state: AccountState) -> str:
    """The state but for what silence keeps in it."""
    offers = {offer_id: replace(offer, quiet=frozenset()) for offer_id, offer in state.offers.items()}
    return canonical(replace(state, offers=offers, quietly_asked=frozenset(), sequence=0))


@SETTINGS
@given(worlds(), st.data())
def test_silence_changes_nothing_but_what_is_told(world: World, data: st.DataObject) -> None:
    both, heard = Both(), list[Fact]()
    for fact in data.draw(st.permutations(world.facts)):
        both.hear(fact, quiet=data.draw(st.booleans()))
        heard.append(fact)
        if data.draw(st.integers(0, 3)) == 0:
            both.hear(data.draw(st.sampled_from(heard)), quiet=data.draw(st.booleans()))
        if data.draw(st.booleans()) and lookups(both.adopting.state):
            both.answer(world)
    for _ in range(200):
        if not lookups(both.adopting.state):
            break
        both.answer(world)
    assert bare(both.adopting.state) == bare(both.hearing.state)


@SETTINGS
@given(worlds(), st.data())
def test_a_quiet_repeat_of_anything_heard_before_changes_nothing_at_all(world: World, data: st.DataObject) -> None:
    account, heard = Stepping(), list[Fact]()
    for fact in data.draw(st.permutations(world.facts)):
        account.take(fact)
        heard.append(fact)
        before = canonical(account.state)
        assert account.hear(data.draw(st.sampled_from(heard)), quiet=True) == []
        assert canonical(account.state) == before


@SETTINGS
@given(worlds(), st.data())
def test_a_milestone_that_some_webhook_brought_first_is_told(world: World, data: st.DataObject) -> None:
    """Whatever is quiet before and after it, and whoever opens its gates."""
    hearing, first = Hearing(), dict[str, bool]()
    for fact in data.draw(st.permutations(world.facts)):
        quiet = data.draw(st.booleans())
        if isinstance(fact, OfferEvent):
            state = hearing.state.offers.get(fact.snapshot.offer)
            hushed = state is not None and fact.milestone in state.quiet
            first.setdefault(f"{fact.snapshot.offer}:{fact.milestone}", not quiet and not hushed)
        hearing.hear(fact, Cause("rec", 0, quiet))
    while lookups(hearing.state):
        lookup, due = min(lookups(hearing.state).items(), key=lambda item: (item[1], item[0]))
        hearing.hear(world.answer(lookup, due), Cause("rec", due))
    assert {told for told, loud in first.items() if loud} <= set(hearing.told)
    assert {told for told, loud in first.items() if not loud}.isdisjoint(hearing.told)
