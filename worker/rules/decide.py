"""Deciding: one fact about one account in, the state after it and what downstream is told out; pure."""

from dataclasses import dataclass
from typing import Final, assert_never

from worker.rules import answers, learning, transactions
from worker.rules.draft import Draft, Timing
from worker.rules.facts import (
    Cause,
    Fact,
    LineOfCreditEvent,
    LookupFailed,
    OfferAnswered,
    OfferEvent,
    Resumed,
    SummaryAnswered,
    SurveyAnswered,
    TransactionEvent,
    UnknownEvent,
    Unusable,
)
from worker.rules.holds import answer_holds
from worker.rules.quiet import answers_quietly
from worker.rules.releases import Release
from worker.rules.settling import settle
from worker.rules.state import AccountState

DEFAULT_TIMING: Final = Timing()


@dataclass(frozen=True, slots=True)
class Decision:
    """The account after a fact, and what is to be told, in order.

    The last release bears the number `state.sequence`; the ones before it count down without a gap. What Stripe is
    to be asked follows from the state: see `lookups`.
    """

    state: AccountState
    releases: tuple[Release, ...]


def decide(state: AccountState, fact: Fact, cause: Cause, timing: Timing = DEFAULT_TIMING) -> Decision:
    """Decide one fact. The same state, fact, cause and timing give the same decision, anywhere and at any time."""
    draft = Draft(state, cause, timing)
    if state.quietly_asked and answers_quietly(state, fact):
        draft.silent = True
    _learn(draft, fact)
    settle(draft)
    if draft.answered:
        # Only what the answer did not open is counted as still waiting.
        for offer, due in draft.answered:
            answer_holds(draft, offer, due)
        settle(draft)
    return Decision(draft.finish(), tuple(draft.releases))


def _learn(draft: Draft, fact: Fact) -> None:
    match fact:
        case OfferEvent():
            learning.learn_event(draft, fact)
        case TransactionEvent():
            transactions.record(draft, fact)
        case LineOfCreditEvent():
            transactions.update_line_of_credit(draft, fact)
        case SurveyAnswered():
            answers.answer_survey(draft, fact)
        case OfferAnswered():
            answers.answer_offer(draft, fact)
        case SummaryAnswered():
            answers.answer_summary(draft, fact)
        case LookupFailed():
            answers.give_up(draft, fact)
        case UnknownEvent():
            pass
        case Unusable():
            draft.change(quarantined=True)
            draft.raise_attention("quarantined", draft.state.account, fact.reason)
        case Resumed():
            draft.change(quarantined=False)
        case _:
            assert_never(fact)
