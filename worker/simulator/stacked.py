"""Lives of refills where original and refill stay active together (GB, FR, DE), each with what must be told of it.

Nothing but its own end closes an original, months after the refill's payout; no event brings the discount amount.
"""

from worker.simulator import scenes
from worker.simulator.financing import Financing
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.oracle import Expected
from worker.simulator.truths import Truth

COUNTRIES = ("GB", "FR", "DE")


def stacked(narrator: Narrator) -> History:
    """The plain life: payments on the original go on, it ends months later, and only then the discount is known."""
    original, refill = pair(narrator, scenes.some_discount(narrator.dice))
    amount = original.discount(refill.discount_rate)
    scenes.repaid(original)
    scenes.discount_determined(refill, amount or 0)
    scenes.repaid_once(refill)
    return narrator.end(
        "stacked",
        ended(original) | open_refill(refill) | discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("paid_out", "settled")},
            refill.at_the_rate_of(refill),
        ),
    )


def stacked_repaid(narrator: Narrator) -> History:
    """Both are repaid, first in, first out; the refill carries no discount."""
    original, refill = pair(narrator, scenes.no_discount(narrator.dice))
    scenes.repaid(original)
    scenes.repaid(refill)
    return narrator.end(
        "stacked_repaid",
        ended(original) | repaid_after(original, refill) | discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("fully_repaid", "none")},
            None,
        ),
    )


def stacked_still_open(narrator: Narrator) -> History:
    """Both are still open: the original is withheld for, at the refill's rate, and the discount is not known yet."""
    original, refill = pair(narrator, scenes.some_discount(narrator.dice))
    scenes.repaid_once(original)
    return narrator.end(
        "stacked_still_open",
        original.told("created", "accepted", "paid_out") | open_refill(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("paid_out"), refill.id: refill.ended_as("paid_out", "pending")},
            original.at_the_rate_of(refill),
        ),
    )


def stacked_chain(narrator: Narrator) -> History:
    """A refill of a refill, offered while the first original is still open: of the two, the younger is refilled."""
    first, second = pair(narrator, scenes.no_discount(narrator.dice))
    third = scenes.offered(second, scenes.some_discount(narrator.dice))
    scenes.accepted(third)
    scenes.paid_out(third, second)
    scenes.repaid(first)
    amount = second.discount(third.discount_rate)
    scenes.repaid(second)
    scenes.discount_determined(third, amount or 0)
    return narrator.end(
        "stacked_chain",
        ended(first) | repaid_after(first, second) | discount_told(second) | open_refill(third) | discount_told(third),
        Truth(
            "stacked",
            {
                first.id: first.ended_as("fully_repaid"),
                second.id: second.ended_as("fully_repaid", "none"),
                third.id: third.ended_as("paid_out", "settled"),
            },
            third.at_the_rate_of(third),
        ),
    )


def stacked_tied(narrator: Narrator) -> History:
    """Everything up to the refill's payout in one second, as a test clock makes it; the original's end comes later."""
    original = Financing(narrator, narrator.create())
    original.accept()
    original.pay_out()
    refill = scenes.offered_at_once(original, scenes.no_discount(narrator.dice))
    refill.accept()
    refill.pay_out()
    scenes.repaid(original)
    return narrator.end(
        "stacked_tied",
        ended(original) | open_refill(refill) | discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("paid_out", "none")},
            refill.at_the_rate_of(refill),
        ),
    )


def stacked_never_determined(narrator: Narrator) -> History:
    """A discount was offered, and the amount stays null even after the original's end."""
    original, refill = pair(narrator, scenes.some_discount(narrator.dice))
    scenes.repaid(original)
    return narrator.end(
        "stacked_never_determined",
        ended(original) | open_refill(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("paid_out", "undetermined")},
            refill.at_the_rate_of(refill),
        ),
    )


def charged_off(narrator: Narrator) -> History:
    """The original is charged off, which no event tells, and the refill behind it is repaid all the same."""
    original, refill = pair(narrator, scenes.no_discount(narrator.dice))
    scenes.repaid_once(original)
    narrator.days(60, 120)
    original.change(original.offer | {"charged_off_at": narrator.now})
    scenes.repaid(refill)
    return narrator.end(
        "charged_off",
        original.told("created", "accepted", "paid_out")
        | refill.told("created", "accepted", "paid_out", "fully_repaid")
        | discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("paid_out"), refill.id: refill.ended_as("fully_repaid", "none")},
            None,
        ),
    )


def pair(narrator: Narrator, rate: float | None) -> tuple[Financing, Financing]:
    """An original and its refill, both paid out and both open."""
    original = scenes.opened(narrator)
    refill = scenes.offered(original, rate)
    scenes.accepted(refill)
    scenes.paid_out(refill, original)
    return original, refill


def ended(original: Financing) -> Expected:
    """The original's whole life; its end waits for nothing, and the refill's payout does not wait for it."""
    return original.told("created", "accepted", "paid_out", "fully_repaid")


def open_refill(refill: Financing) -> Expected:
    """The refill's life through its payout."""
    return refill.told("created", "accepted", "paid_out")


def repaid_after(original: Financing, refill: Financing) -> Expected:
    """The refill's whole life; it is repaid after its original."""
    return refill.told("created", "accepted", "paid_out", "fully_repaid") | refill.narrator.before(
        (original.offer, "fully_repaid"), (refill.offer, "fully_repaid")
    )


def discount_told(refill: Financing) -> Expected:
    """The discount once, after the payout."""
    return refill.told("paid_out", "discount_settled")
