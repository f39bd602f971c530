"""Deciding: one fact about one account in, the state after it and what downstream is told out; pure."""

from dataclasses import dataclass
from typing import Final, assert_never

from worker.rules import offers, transactions
from worker.rules.draft import Draft, Graces
from worker.rules.facts import Cause, Fact, LineOfCreditEvent, OfferEvent, TransactionEvent, UnknownEvent, Unusable
from worker.rules.releases import Release
from worker.rules.state import AccountState

DEFAULT_GRACES: Final = Graces()


@dataclass(frozen=True, slots=True)
class Decision:
    """The account after a fact, and what is to be told, in order.

    The last release bears the number `state.sequence`; the ones before it count down without a gap.
    """

    state: AccountState
    releases: tuple[Release, ...]


def decide(state: AccountState, fact: Fact, cause: Cause, graces: Graces = DEFAULT_GRACES) -> Decision:
    """Decide one fact. The same state, fact and cause give the same decision, anywhere and at any time."""
    draft = Draft(state, cause, graces)
    match fact:
        case OfferEvent():
            offers.learn(draft, fact)
        case TransactionEvent():
            transactions.record(draft, fact)
        case LineOfCreditEvent():
            transactions.update_line_of_credit(draft, fact)
        case UnknownEvent():
            pass
        case Unusable():
            draft.quarantined = True
            draft.raise_attention("quarantined", state.account, fact.reason)
        case _:
            assert_never(fact)
    return Decision(draft.finish(), tuple(draft.releases))
