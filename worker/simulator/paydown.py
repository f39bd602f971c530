"""Lives of refills where the payout pays down and closes the original (US, AU), each with what must be told of it."""

from worker.simulator import scenes
from worker.simulator.financing import Financing
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.oracle import Expected
from worker.simulator.truths import Truth

COUNTRIES = ("US", "AU")


def paydown(narrator: Narrator) -> History:
    """The plain life: the payout of the refill and the end of the original come as a pair, in either order."""
    original = scenes.opened(narrator)
    refill = scenes.offered(original, scenes.some_discount(narrator.dice))
    scenes.accepted(refill)
    scenes.paid_out(refill, original)
    scenes.repaid_once(refill)
    return narrator.end(
        "paydown",
        closed(original, refill) | paid(refill),
        Truth(
            "paydown",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("paid_out", "settled")},
            refill.at_the_rate_of(refill),
        ),
    )


def paydown_repaid(narrator: Narrator) -> History:
    """The refill carries no discount, and is repaid in its turn: nothing is open in the end."""
    original = scenes.opened(narrator)
    refill = scenes.offered(original, scenes.no_discount(narrator.dice))
    scenes.accepted(refill)
    scenes.paid_out(refill, original)
    scenes.repaid(refill)
    return narrator.end(
        "paydown_repaid",
        closed(original, refill) | paid(refill, "fully_repaid"),
        Truth(
            "paydown",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("fully_repaid", "none")},
            None,
        ),
    )


def paydown_chain(narrator: Narrator) -> History:
    """A refill is refilled: each payout closes the financing before it."""
    first = scenes.opened(narrator)
    second = scenes.offered(first, scenes.some_discount(narrator.dice))
    scenes.accepted(second)
    scenes.paid_out(second, first)
    scenes.repaid_once(second)
    third = scenes.offered(second, scenes.no_discount(narrator.dice))
    scenes.accepted(third)
    scenes.paid_out(third, second)
    return narrator.end(
        "paydown_chain",
        closed(first, second) | paid(second, "fully_repaid") | closed(second, third) | paid(third),
        Truth(
            "paydown",
            {
                first.id: first.ended_as("fully_repaid"),
                second.id: second.ended_as("fully_repaid", "settled"),
                third.id: third.ended_as("paid_out", "none"),
            },
            third.at_the_rate_of(third),
        ),
    )


def paydown_tied(narrator: Narrator) -> History:
    """A whole life in one second, as a test clock makes it: nothing is ordered by time."""
    original = Financing(narrator, narrator.create())
    original.accept()
    original.pay_out()
    refill = scenes.offered_at_once(original, scenes.some_discount(narrator.dice))
    refill.accept()
    scenes.paid_down(refill, original, seconds=(0,))
    return narrator.end(
        "paydown_tied",
        closed(original, refill) | paid(refill),
        Truth(
            "paydown",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("paid_out", "settled")},
            refill.at_the_rate_of(refill),
        ),
    )


def paydown_named_by_transaction(narrator: Narrator) -> History:
    """Two financings are open, and the refill closes the older: only the transaction with reason `refill` says so.

    Before it is heard the younger passes for the original, and keeps the refill's payout waiting: so their order is
    not stated.
    """
    original = scenes.opened(narrator)
    other = scenes.opened(narrator)
    refill = scenes.offered(original, scenes.perhaps_a_discount(narrator.dice))
    scenes.accepted(refill)
    scenes.paid_out(refill, original)
    return narrator.end(
        "paydown_named_by_transaction",
        original.told("created", "accepted", "paid_out", "fully_repaid")
        | other.told("created", "accepted", "paid_out")
        | paid(refill),
        Truth(
            "paydown",
            {
                original.id: original.ended_as("fully_repaid"),
                other.id: other.ended_as("paid_out"),
                refill.id: refill.ended_as("paid_out", refill.discount_at_payout),
            },
            other.at_the_rate_of(other),
        ),
    )


def closed(original: Financing, refill: Financing) -> Expected:
    """The original's life, closed by the refill's payout: its end is told first."""
    return original.told("created", "accepted", "paid_out", "fully_repaid") | original.narrator.before(
        (original.offer, "fully_repaid"), (refill.offer, "paid_out")
    )


def paid(refill: Financing, *after: str) -> Expected:
    """The refill's life through its payout, when its discount is known, and what comes after."""
    return refill.told("created", "accepted", "paid_out", *after) | refill.told("paid_out", "discount_settled")
