"""Lookups: what Stripe is to be asked, and when; derived from the state, so that asking is never forgotten."""

from collections.abc import Mapping

from worker.rules.facts import LookupKind
from worker.rules.state import AccountState, Offer

# (kind, subject): the subject is an offer's id, or empty for the account itself.
Lookup = tuple[LookupKind, str]


def lookups(state: AccountState) -> Mapping[Lookup, int]:
    """Every question that is open, with the time (ms) from which Stripe should be asked."""
    due = own_questions(state)
    for offer in state.offers.values():
        if offer.discount_due is not None:
            _earliest(due, offer.id, offer.discount_due)
        for hold in offer.holds.values():
            for concerned in hold.concerns:
                if hold.due is not None:
                    _earliest(due, concerned, hold.due)
    return due


def asks(offer: Offer) -> bool:
    """Whether an offer may add questions to its account's; one that does not changes none of them."""
    return offer.discount_due is not None or bool(offer.holds)


def own_questions(state: AccountState) -> dict[Lookup, int]:
    """Those of them that are about the account itself."""
    due: dict[Lookup, int] = {}
    if state.survey_due is not None:
        due["survey", ""] = state.survey_due
    if state.summary_due is not None:
        due["summary", ""] = state.summary_due
    return due


def _earliest(due: dict[Lookup, int], offer: str, at: int) -> None:
    key: Lookup = ("offer", offer)
    due[key] = min(at, due.get(key, at))
