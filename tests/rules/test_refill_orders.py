"""Every order of every short history of an original and its refill, in each policy, ends the same and is legal."""

import random
from collections.abc import Iterator, Sequence
from itertools import product
from typing import ClassVar

import pytest

from tests.rules.lives import Life
from tests.rules.orders import EMPTY, Explored, Node, close, explore, failing, step, tables
from tests.rules.telling import is_lasting
from worker.rules.facts import Fact, OfferAnswered, SummaryAnswered, SurveyAnswered
from worker.rules.lookups import Lookup
from worker.rules.milestones import Milestone
from worker.rules.policies import Policy

M = Milestone
MARKETS: dict[Policy, str] = {"paydown": "usd", "stacked": "gbp", "unknown": "cad"}

# Lives of a refill, each milestone with its second. An original repaid by the refill's payout shares its second.
REFILLS: dict[str, tuple[tuple[Milestone, int], ...]] = {
    "offered": ((M.CREATED, 2_000),),
    "accepted": ((M.CREATED, 2_000), (M.ACCEPTED, 2_100)),
    "paid_out": ((M.CREATED, 2_000), (M.ACCEPTED, 2_100), (M.PAID_OUT, 2_200)),
    "repaid": ((M.CREATED, 2_000), (M.ACCEPTED, 2_100), (M.PAID_OUT, 2_200), (M.FULLY_REPAID, 9_900)),
    "rejected": ((M.CREATED, 2_000), (M.ACCEPTED, 2_100), (M.REJECTED, 2_200)),
    "canceled": ((M.CREATED, 2_000), (M.ACCEPTED, 2_100), (M.CANCELED, 2_150)),
    "canceled after payout": ((M.CREATED, 2_000), (M.ACCEPTED, 2_100), (M.PAID_OUT, 2_200), (M.CANCELED, 2_300)),
    "expired": ((M.CREATED, 2_000), (M.EXPIRED, 2_500)),
    "lost to another": ((M.CREATED, 2_000), (M.ACCEPTED_OTHER_OFFER, 2_100)),
    "payout seen first": ((M.PAID_OUT, 2_200),),
}
ORIGINALS: dict[str, tuple[Milestone, ...]] = {
    "repaid": (M.CREATED, M.ACCEPTED, M.PAID_OUT, M.FULLY_REPAID),
    "paid out": (M.CREATED, M.ACCEPTED, M.PAID_OUT),
    "end seen alone": (M.PAID_OUT, M.FULLY_REPAID),
    "never heard of": (),
}


def original_and_refill(policy: Policy, original: str, refill: str) -> list[Fact]:
    a = Life("A", currency=MARKETS[policy])
    b = Life("B", "refill", 2_000, MARKETS[policy], rate="0.2", discount_rate="0.5")
    seconds = {M.CREATED: 1_000, M.ACCEPTED: 1_100, M.PAID_OUT: 1_200}
    end = 2_200 if policy == "paydown" else 9_000
    return [
        *(a.event(milestone, seconds.get(milestone, end)) for milestone in ORIGINALS[original]),
        *(b.event(milestone, second) for milestone, second in REFILLS[refill]),
    ]


def histories() -> Iterator[tuple[Policy, str, str]]:
    for policy, original, refill in product(MARKETS, ORIGINALS, REFILLS):
        if len(original_and_refill(policy, original, refill)) <= 7:
            yield policy, original, refill


@pytest.mark.parametrize(("policy", "original", "refill"), list(histories()))
def test_every_order_ends_the_same_when_stripe_cannot_be_asked(policy: Policy, original: str, refill: str) -> None:
    explored = explore(original_and_refill(policy, original, refill), repeat=True, answer=failing)
    agree(explored)


@pytest.mark.parametrize(("policy", "original", "refill"), list(histories()))
def test_every_order_ends_the_same_when_stripe_answers(policy: Policy, original: str, refill: str) -> None:
    facts = original_and_refill(policy, original, refill)
    agree(explore(facts, repeat=True, answer=Stripe(policy, original, refill).answer))


def agree(explored: Explored) -> None:
    assert len(explored.told) == 1, difference(explored.told)
    assert len(explored.tables) == 1, "\n".join(sorted(explored.tables))


def difference(told: set[frozenset[str]]) -> str:
    common = frozenset.intersection(*told)
    return " | ".join(" ".join(sorted(one - common)) for one in told)


class Stripe:
    """Answers as Stripe would after the whole history."""

    COUNTRIES: ClassVar[dict[Policy, str]] = {"paydown": "US", "stacked": "GB", "unknown": "CA"}

    def __init__(self, policy: Policy, original: str, refill: str) -> None:
        self.country = self.COUNTRIES[policy]
        a = Life("A", currency=MARKETS[policy])
        b = Life("B", "refill", 2_000, MARKETS[policy], rate="0.2", discount_rate="0.5")
        self.offers = {"B": b.observed(REFILLS[refill][-1][0].value, id="obs_B")}
        if ORIGINALS[original]:
            self.offers["A"] = a.observed(ORIGINALS[original][-1].value, id="obs_A")

    def answer(self, lookup: Lookup, due: int) -> Fact:
        kind, subject = lookup
        if kind == "survey":
            return SurveyAnswered(f"survey_{due}", due, 1, 1, self.country, tuple(self.offers.values()))
        if kind == "offer":
            return OfferAnswered(subject, due, self.offers.get(subject))
        return SummaryAnswered(due, None)


@pytest.mark.parametrize("policy", list(MARKETS))
def test_sampled_orders_of_a_chain_of_three_end_the_same(policy: Policy) -> None:
    seed = 20_261_123
    facts = chain(policy)
    ends = {walk(shuffled(facts, seed + number)) for number in range(1_500)}
    assert len({told for _, told in ends}) == 1, difference({told for _, told in ends})
    assert len({table for table, _ in ends}) == 1


def chain(policy: Policy) -> list[Fact]:
    """A, refilled by B, refilled by C."""
    facts: list[Fact] = []
    ends = {"A": 2_200, "B": 3_200, "C": 9_999} if policy == "paydown" else {"A": 7_000, "B": 8_000, "C": 9_000}
    for number, name in enumerate("ABC", 1):
        life = Life(name, "refill" if number > 1 else "standard", number * 1_000, MARKETS[policy], discount_rate="0")
        for milestone, after in ((M.CREATED, 0), (M.ACCEPTED, 100), (M.PAID_OUT, 200)):
            facts.append(life.event(milestone, number * 1_000 + after))
        facts.append(life.event(M.FULLY_REPAID, ends[name]))
    return facts


def shuffled(facts: Sequence[Fact], seed: int) -> list[Fact]:
    dice = random.Random(seed)
    order = [*facts, *dice.sample(list(facts), 3)]
    dice.shuffle(order)
    return order


def walk(order: Sequence[Fact]) -> tuple[str, frozenset[str]]:
    node = Node(EMPTY, frozenset())
    for fact in order:
        node = step(node, fact)
    node = close(node, failing)
    return tables(node.state), frozenset(told for told in node.told if is_lasting(told))
