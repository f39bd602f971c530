"""Quiet: what a record taken in silence makes known is released without a word, whenever that comes to pass.

Silence never takes back what downstream has a claim on: a milestone that was known before, of an offer it hears of.
"""

from collections.abc import Iterable

from worker.rules.facts import Fact, LookupFailed, SummaryAnswered, SurveyAnswered
from worker.rules.milestones import PREDECESSOR, Milestone
from worker.rules.state import AccountState, Offer


def hushed(offer: Offer, shown: Iterable[Milestone]) -> frozenset[Milestone]:
    """The quiet milestones of an offer after a quiet record showed it at these.

    With a milestone goes all that precedes it, for that is no newer. A milestone once quiet stays so, and a record
    that shows only what was known before makes nothing quiet: a repeat changes nothing.
    """
    claimed = offer.known.keys() if offer.announced else frozenset[Milestone]()
    quiet = set(offer.quiet)
    for milestone in shown:
        before: Milestone | None = milestone
        while before is not None and before not in claimed:
            quiet.add(before)
            before = PREDECESSOR[before]
    return frozenset(quiet)


def answers_quietly(state: AccountState, fact: Fact) -> bool:
    """Whether a fact answers a question that is open for quiet records alone: it confirms what nobody was told."""
    match fact:
        case SurveyAnswered() | LookupFailed("survey"):
            return state.survey_due is not None and "survey" in state.quietly_asked
        case SummaryAnswered():
            return state.summary_due is not None and "summary" in state.quietly_asked
        case _:
            return False
