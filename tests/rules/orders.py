"""Every order of a history, without trying each one: orders that lead to the same state go on together.

A node is what has been delivered, the state and what downstream was told. All orders pass through some path of nodes,
so checking every edge and every end checks every order; how many orders that are is counted along the paths.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from tests.rules.lives import cause
from tests.rules.telling import illegal, is_lasting, name, silent
from worker.rules.decide import Decision, decide
from worker.rules.facts import Fact, LookupFailed
from worker.rules.lookups import Lookup, lookups
from worker.rules.state import AccountState
from worker.store.codec import encode_account, encode_offer

Answerer = Callable[[Lookup, int], Fact]

EMPTY = AccountState("acct_1", livemode=True)


def failing(lookup: Lookup, due: int) -> Fact:
    """Stripe cannot be asked."""
    kind, subject = lookup
    return LookupFailed(kind, subject, due)


@dataclass
class Explored:
    """Every end that some order reaches, as what the laws promise of it, and how many orders reach it."""

    orders: int = 0
    tables: set[str] = field(default_factory=set)
    told: set[frozenset[str]] = field(default_factory=set)


@dataclass(frozen=True)
class Node:
    state: AccountState
    told: frozenset[str]


def explore(
    facts: Sequence[Fact], *, repeat: bool, answer: Answerer = failing, quiet: Collection[int] = ()
) -> Explored:
    """All permutations, and with `repeat` also all in which one fact comes once more, anywhere after its first time.

    The facts whose numbers are `quiet` come in silence, each time.
    Raises AssertionError on the first release that is told twice or before what it rests on.
    """
    layer: dict[tuple[int, bool], dict[str, Node]] = {(0, False): {"": Node(EMPTY, frozenset())}}
    paths: Counter[tuple[int, bool, str]] = Counter({(0, False, ""): 1})
    full = (1 << len(facts)) - 1
    explored = Explored()
    while layer:
        following: dict[tuple[int, bool], dict[str, Node]] = {}
        for (delivered, repeated), nodes in layer.items():
            for key, node in nodes.items():
                ways = paths.pop((delivered, repeated, key))
                if delivered == full:
                    _end(explored, node, ways, answer)
                for number, fact in enumerate(facts):
                    again = bool(delivered >> number & 1)
                    if again and (repeated or not repeat):
                        continue
                    reached = step(node, fact, quiet=number in quiet)
                    place = (delivered | 1 << number, repeated or again)
                    identity = canonical(reached.state) + "|" + " ".join(sorted(reached.told))
                    following.setdefault(place, {})[identity] = reached
                    paths[*place, identity] += ways
        layer = following
    return explored


def step(node: Node, fact: Fact, at: int = 0, *, quiet: bool = False) -> Node:
    """One fact further; whatever is told must be new and legal."""
    decision = decide(node.state, fact, cause(at=at, quiet=quiet))
    check(decision, node.told)
    return Node(decision.state, node.told | {name(release) for release in decision.releases})


def check(decision: Decision, told: frozenset[str]) -> None:
    new = [name(release) for release in decision.releases]
    assert len(set(new)) == len(new), f"told twice at once: {new}"
    assert not told & set(new), f"told again: {told & set(new)}"
    assert not (wrong := illegal(decision, told | silent(decision.state))), wrong


def _end(explored: Explored, node: Node, ways: int, answer: Answerer) -> None:
    explored.orders += ways
    closed = close(node, answer)
    explored.tables.add(tables(closed.state))
    explored.told.add(frozenset(told for told in closed.told if is_lasting(told)))


def close(node: Node, answer: Answerer) -> Node:
    """Answer every lookup that is or becomes due, the earliest first, until there is none."""
    for _ in range(200):
        due = lookups(node.state)
        if not due:
            return node
        lookup, at = min(due.items(), key=lambda item: (item[1], item[0]))
        node = step(node, answer(lookup, at), at)
    raise AssertionError(f"lookups never end: {lookups(node.state)}")


def canonical(state: AccountState) -> str:
    """Everything in a state, the same text for the same state."""
    offers = [offer_id + encode_offer(state.offers[offer_id]) for offer_id in sorted(state.offers)]
    return f"{state.sequence}{sorted(state.transactions.items())!r}{encode_account(state)}{offers}"


def tables(state: AccountState) -> str:
    """What the laws promise of the tables: status, terms, link, discount, withholding, transactions, policy."""
    offers = [
        (
            offer.id,
            offer.status,
            sorted(offer.released),
            sorted((field, seen.value) for field, seen in offer.fields.items()),
            offer.link,
            offer.link_told,
            offer.discount_told,
            sorted(offer.holds),
        )
        for offer in sorted(state.offers.values(), key=lambda offer: offer.id)
    ]
    return repr((offers, state.withholding, state.active, state.policy, sorted(state.transactions.items())))
