"""Lives of refills of which not every webhook comes; what is expected is known all the same, for Stripe can be asked.

No loss here is beyond finding: some later event always waits for what was lost.
"""

from worker.simulator import paydown, scenes, stacked
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.truths import Truth


def lost_paydown(narrator: Narrator) -> History:
    """The original's end is never told, and little of what led to it; only the refill's payout is."""
    with narrator.losing(offers=0.4):
        original = scenes.opened(narrator)
        refill = scenes.offered(original, scenes.some_discount(narrator.dice))
        scenes.accepted(refill)
    discount = original.discount(refill.discount_rate)
    with narrator.losing(offers=1.0):
        original.repay_by_refill(discount)
    refill.pay_out(discount)
    return narrator.end(
        "lost_paydown",
        paydown.closed(original, refill) | paydown.paid(refill),
        Truth(
            "paydown",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("paid_out", "settled")},
            refill.at_the_rate_of(refill),
        ),
    )


def lost_stacked(narrator: Narrator) -> History:
    """The original's end is never told, and the refill's own end waits for it."""
    with narrator.losing(offers=0.5):
        original, refill = stacked.pair(narrator, scenes.some_discount(narrator.dice))
    amount = original.discount(refill.discount_rate)
    with narrator.losing(offers=1.0):
        scenes.repaid(original)
    scenes.discount_determined(refill, amount or 0)
    scenes.repaid(refill)
    return narrator.end(
        "lost_stacked",
        stacked.ended(original) | stacked.repaid_after(original, refill) | stacked.discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("fully_repaid", "settled")},
            None,
        ),
    )


def midlife_paydown(narrator: Narrator) -> History:
    """The first events ever seen of the account are the original's end and the refill's payout, in either order."""
    with narrator.losing(offers=1.0, transactions=1.0):
        original = scenes.opened(narrator)
        refill = scenes.offered(original, scenes.perhaps_a_discount(narrator.dice))
        scenes.accepted(refill)
    scenes.paid_out(refill, original)
    scenes.repaid_once(refill)
    return narrator.end(
        "midlife_paydown",
        paydown.closed(original, refill) | paydown.paid(refill),
        Truth(
            "paydown",
            {
                original.id: original.ended_as("fully_repaid"),
                refill.id: refill.ended_as("paid_out", refill.discount_at_payout),
            },
            refill.at_the_rate_of(refill),
        ),
    )


def midlife_stacked(narrator: Narrator) -> History:
    """The first events ever seen come after the refill's acceptance, or even after its payout."""
    with narrator.losing(offers=1.0, transactions=1.0):
        original = scenes.opened(narrator)
        refill = scenes.offered(original, scenes.some_discount(narrator.dice))
        scenes.accepted(refill)
    before_deployment = narrator.dice.choice((0.0, 1.0))
    with narrator.losing(offers=before_deployment, transactions=before_deployment):
        scenes.paid_out(refill, original)
    amount = original.discount(refill.discount_rate)
    scenes.repaid(original)
    scenes.discount_determined(refill, amount or 0)
    scenes.repaid(refill)
    return narrator.end(
        "midlife_stacked",
        stacked.ended(original) | stacked.repaid_after(original, refill) | stacked.discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("fully_repaid", "settled")},
            None,
        ),
    )
