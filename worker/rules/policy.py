"""Policy: how refills behave for one account, from the best source known; unknown never becomes a guess."""

from collections.abc import Callable, Iterable

from worker.rules.policies import COUNTRIES, CURRENCIES, DISCLAIMERS, Policy
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
    return (
        _first(youngest_first, "disclaimer_variant", _by_disclaimer)
        or _first(youngest_first, "currency", _by_currency)
        or UNDECIDED
    )


def age(offer: Offer) -> tuple[int, str]:
    """(created, id): by which the younger of two offers is the greater; of an unknown age, the oldest."""
    return (offer.number("created") or 0, offer.id)


def _first(offers: Iterable[Offer], source: str, policy_of: Callable[[Offer], Policy | None]) -> Decided | None:
    for offer in offers:
        policy = policy_of(offer)
        if policy is not None:
            return Decided(policy, source)
    return None


def _by_disclaimer(offer: Offer) -> Policy | None:
    country = DISCLAIMERS.get(offer.text("disclaimer_variant") or "")
    return COUNTRIES[country].policy if country else None


def _by_currency(offer: Offer) -> Policy | None:
    return CURRENCIES.get((offer.currency or "").lower())
