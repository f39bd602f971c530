"""Policy: how refills behave for one account, from the best source known; unknown never becomes a guess."""

from collections.abc import Iterable, Sequence

from worker.rules.policies import COUNTRIES, CURRENCIES, DISCLAIMERS
from worker.rules.state import Decided, Offer

UNDECIDED = Decided("unknown", None)


def resolve(country: str | None, offers: Iterable[Offer]) -> Decided:
    """The policy and its source: the account's country as Stripe tells it, then a disclaimer, then a currency.

    Where offers of one account disagree, the youngest offer that says anything is believed.
    """
    if country is not None:
        known = COUNTRIES.get(country.upper())
        return Decided(known.policy if known else "unknown", "country")
    youngest_first = sorted(offers, key=age, reverse=True)
    return _by_disclaimer(youngest_first) or _by_currency(youngest_first) or UNDECIDED


def agrees(decided: Decided, before: Offer, after: Offer) -> bool:
    """Whether an offer that said nothing of the policy now says what is decided already, by the same source.

    Then nothing changes, whichever offer is the youngest.
    """
    if decided.source == "country" or before.text("disclaimer_variant") or before.currency:
        return False
    return (_by_disclaimer((after,)) or _by_currency((after,))) == decided


def market(offer: Offer) -> tuple[object, ...]:
    """All of an offer that a policy can be told by: where it is the same, so is the policy."""
    return (offer.text("disclaimer_variant"), offer.currency, offer.number("created"))


def age(offer: Offer) -> tuple[int, str]:
    """(created, id): by which the younger of two offers is the greater; of an unknown age, the oldest."""
    return (offer.number("created") or 0, offer.id)


def _by_disclaimer(youngest_first: Sequence[Offer]) -> Decided | None:
    """By the first that is said at all: an older one is no answer where a newer is not understood."""
    for offer in youngest_first:
        said = offer.text("disclaimer_variant")
        if said:
            country = DISCLAIMERS.get(said)
            return Decided(COUNTRIES[country].policy, "disclaimer_variant") if country else None
    return None


def _by_currency(youngest_first: Sequence[Offer]) -> Decided | None:
    for offer in youngest_first:
        said = offer.currency
        if said:
            policy = CURRENCIES.get(said.lower())
            return Decided(policy, "currency") if policy else None
    return None
