"""Links, open financings and withholding, worked out once more from what truly happened, by another hand."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.orders import EMPTY, Node, close, step
from tests.rules.worlds import Happened, World, worlds
from worker.rules.facts import TransactionEvent
from worker.rules.milestones import Milestone
from worker.rules.state import AccountState

M = Milestone
SETTINGS = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
Found = tuple[str, str] | None


@SETTINGS
@given(worlds(), st.data())
def test_in_any_order_links_and_withholding_end_as_what_happened_says(world: World, data: st.DataObject) -> None:
    node = Node(EMPTY, frozenset())
    for fact in data.draw(st.permutations(world.facts)):
        node = step(node, fact)
    state = close(node, world.answer).state
    truth = links(world)
    for refill in state.refills:
        link = state.offers[refill].link
        assert (None if link is None else (link.original, link.method)) == truth[refill], refill
    financings = active(world, state, truth)
    assert [offer.life.id for offer in financings] == list(state.active)
    withholding = state.withholding
    assert (None if withholding is None else (withholding.offer, withholding.rate)) == withheld(
        world, state, truth, financings
    )


def links(world: World) -> dict[str, Found]:
    """(original, method) of each refill."""
    refills = [offer for offer in world.offers if offer.life.product_type == "refill"]
    possible = {refill.life.id: candidates(world, refill) for refill in refills}
    named = [fact.transaction for fact in world.facts if isinstance(fact, TransactionEvent)]
    settling = {paid.offer for paid in named if paid.reason == "refill"}
    settling = {offer for offer in settling if sum(offer in offers for offers in possible.values()) == 1}
    found: dict[str, Found] = {}
    for refill in sorted(refills, key=lambda offer: offer.life.created):
        replaced = found.get(refill.life.replacement_for or "")
        found[refill.life.id] = (replaced[0], "inherited") if replaced else chosen(possible[refill.life.id], settling)
    return found


def candidates(world: World, refill: Happened) -> list[str]:
    """What was paid out before the refill was offered and had not ended then; the latest paid out last."""
    offered = refill.life.created
    payouts = []
    for offer in world.offers:
        older = (offer.life.created, offer.life.id) < (offered, refill.life.id)
        payout = at(offer, M.PAID_OUT)
        ends = [at(offer, end) for end in (M.FULLY_REPAID, M.CANCELED)]
        if older and payout is not None and payout <= offered and all(end is None or end >= offered for end in ends):
            payouts.append((payout, offer.life.id))
    return [offer for _, offer in sorted(payouts)]


def chosen(possible: list[str], settling: set[str | None]) -> Found:
    settled = [offer for offer in possible if offer in settling]
    if settled:
        return settled[-1], "transaction"
    if len(possible) > 1:
        return possible[-1], "latest_candidate"
    return (possible[0], "only_candidate") if possible else None


def active(world: World, state: AccountState, truth: dict[str, Found]) -> list[Happened]:
    """What downstream was told is paid out and has not ended; under pay-down a refill's payout ends its original."""
    paid = [offer for offer in world.offers if told(state, offer, M.PAID_OUT)]
    closed = {link[0] for offer in paid if (link := truth.get(offer.life.id))} if world.policy == "paydown" else set()
    still = [
        offer
        for offer in paid
        if offer.life.id not in closed and not told(state, offer, M.FULLY_REPAID) and not told(state, offer, M.CANCELED)
    ]
    return sorted(still, key=lambda offer: (at(offer, M.PAID_OUT), offer.life.id))


def withheld(
    world: World, state: AccountState, truth: dict[str, Found], financings: list[Happened]
) -> tuple[str, str] | None:
    """The oldest open financing repays; under stacking at the rate of the newest accepted refill of its chain."""
    if not financings or (world.policy == "unknown" and len(financings) > 1):
        return None
    target = financings[0]
    if world.policy != "stacked":
        return target.life.id, target.life.rate
    setting = [(at(target, M.CREATED), "", target.life.rate)]
    for offer in world.offers:
        void = any(told(state, offer, end) for end in (M.REJECTED, M.CANCELED, M.REPLACED))
        if goes_back(offer.life.id, target.life.id, truth) and told(state, offer, M.ACCEPTED) and not void:
            setting.append((at(offer, M.ACCEPTED), offer.life.id, offer.life.rate))
    return target.life.id, max(setting)[2]


def goes_back(refill: str, target: str, truth: dict[str, Found]) -> bool:
    link = truth.get(refill)
    return link is not None and (link[0] == target or goes_back(link[0], target, truth))


def told(state: AccountState, offer: Happened, milestone: Milestone) -> bool:
    known = state.offers.get(offer.life.id)
    return known is not None and milestone in known.released


def at(offer: Happened, milestone: Milestone) -> int | None:
    return dict(offer.steps).get(milestone)
