"""The codec: what the rules know, to and from the JSON of the `facts` columns; the same state, the same bytes.

Milestones are written as plain text: the serializer takes a microsecond for each member of an enumeration.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from functools import cache
from typing import Any, Final

from pydantic_core import from_json, to_json

from worker.rules.facts import Rank, RepaymentInterval, Summary
from worker.rules.milestones import STRENGTH, Milestone
from worker.rules.state import AccountState, Decided, Evidence, Hold, Link, Offer, Withholding, seen_as
from worker.rules.withholding import outstanding

# Asking the enumeration for each costs ten times as much, and an account that is loaded has hundreds.
NAMED: Final[Mapping[str, Milestone]] = {milestone.value: milestone for milestone in Milestone}


def encode_offer(offer: Offer) -> str:
    """An offer's facts. Ranks stand once and fields name them by place: most fields share one of a few."""
    ranks = sorted({seen.rank for seen in offer.fields.values()})
    place = {rank: index for index, rank in enumerate(ranks)}
    facts: dict[str, object] = {
        "ranks": ranks,
        "fields": {name: [seen.value, place[seen.rank]] for name, seen in sorted(offer.fields.items())},
        "known": {str(m): _evidence(offer.known[m]) for m in _ordered(offer.known)},
        "released": _words(offer.released),
        "holds": {str(m): _flat(offer.holds[m]) for m in _ordered(offer.holds)},
        "gaps": {str(m): offer.gaps[m] for m in _ordered(offer.gaps)},
        "announced": offer.announced,
    }
    refill = _refill(offer)
    # Also of an offer that only once passed for a refill: what is in memory and what is loaded must never differ.
    if offer.is_refill or any(refill.values()):
        facts["refill"] = refill
    if offer.quiet:
        facts["quiet"] = _words(offer.quiet)
    return _dump(facts)


def _refill(offer: Offer) -> dict[str, object]:
    return {
        "surveyed": offer.surveyed,
        "confirmed": offer.confirmed,
        "link": offer.link and _flat(offer.link),
        "link_told": offer.link_told and _flat(offer.link_told),
        "link_revision": offer.link_revision,
        "discount_told": offer.discount_told,
        "discount_since": offer.discount_since,
        "discount_asked": offer.discount_asked,
        "discount_due": offer.discount_due,
    }


def decode_offer(offer_id: str, facts: str) -> Offer:
    """The offer that `encode_offer` wrote."""
    data = from_json(facts)
    ranks: list[Rank] = [(strength, created, event_id) for strength, created, event_id in data["ranks"]]
    offer = Offer(
        id=offer_id,
        fields={name: seen_as((value, ranks[place])) for name, (value, place) in data["fields"].items()},
        known={
            NAMED[m]: Evidence(basis, created, event_id, _named(tuple(proves)))
            for m, (basis, created, event_id, proves) in data["known"].items()
        },
        released=_named(tuple(data["released"])),
        holds={
            NAMED[m]: Hold(gate, tuple(waiting_for), tuple(concerns), *times)
            for m, (gate, waiting_for, concerns, *times) in data["holds"].items()
        },
        gaps={NAMED[m]: tuple(names) for m, names in data["gaps"].items()},
        announced=data["announced"],
        quiet=_named(tuple(data.get("quiet", ()))),
    )
    refill = data.get("refill")
    if refill is None:
        return offer
    link, told = refill.pop("link"), refill.pop("link_told")
    return replace(offer, link=link and Link(*link), link_told=told and Link(*told), **refill)


def encode_account(state: AccountState) -> str:
    """An account's own facts; its offers and transactions have rows of their own."""
    facts: dict[str, object] = {
        "attention": sorted(state.attention),
        "country": state.country,
        "policy": _flat(state.policy),
        "refills": state.refills,
        "refilled": sorted(state.refilled),
        "survey_due": state.survey_due,
        "survey_chunks": state.survey_chunks,
        "summary_due": state.summary_due,
        "summary": state.summary and astuple(state.summary),
        "summary_revision": state.summary_revision,
        "active": state.active,
        "withholding": state.withholding and _flat(state.withholding),
        "withholding_revision": state.withholding_revision,
    }
    if state.quietly_asked:
        facts["quietly_asked"] = sorted(state.quietly_asked)
    if state.foretold:
        facts["foretold"] = sorted(state.foretold)
    return _dump(facts)


def decode_account(state: AccountState, facts: str) -> AccountState:
    """The account that `encode_account` wrote; `state` has what stands in columns and rows of their own."""
    data = from_json(facts)
    survey, chunk = data["survey_chunks"]
    return replace(
        state,
        attention=frozenset((reason, subject) for reason, subject in data["attention"]),
        country=data["country"],
        policy=Decided(*data["policy"]),
        refills=tuple(data["refills"]),
        refilled=frozenset(data["refilled"]),
        survey_due=data["survey_due"],
        survey_chunks=(survey, chunk),
        summary_due=data["summary_due"],
        summary=data["summary"] and _summary(data["summary"]),
        summary_revision=data["summary_revision"],
        outstanding=outstanding(state.offers.values()),
        active=tuple(data["active"]),
        withholding=data["withholding"] and Withholding(*data["withholding"]),
        withholding_revision=data["withholding_revision"],
        quietly_asked=frozenset(data.get("quietly_asked", ())),
        foretold=frozenset(data.get("foretold", ())),
    )


def _summary(values: list[Any]) -> Summary:
    values[-1] = values[-1] and RepaymentInterval(*values[-1])
    return Summary(*values)


def _evidence(evidence: Evidence) -> list[object]:
    return [evidence.basis, evidence.created, evidence.id, _words(evidence.proves)]


def _flat(value: Hold | Link | Decided | Withholding) -> list[object]:
    """A value's fields in their order, as `astuple` gives them, which would copy each at several times the cost."""
    return [getattr(value, name) for name in value.__slots__]


@cache
def _named(words: Sequence[str]) -> frozenset[Milestone]:
    """What `_words` wrote: the same object for the same words, for every offer in memory keeps some."""
    return frozenset(map(NAMED.__getitem__, words))


@cache
def _words(milestones: frozenset[Milestone]) -> Sequence[str]:
    """The weakest first; there are few such sets."""
    return tuple(map(str, _ordered(milestones)))


def _ordered(milestones: Iterable[Milestone] | Mapping[Milestone, object]) -> list[Milestone]:
    return sorted(milestones, key=STRENGTH.__getitem__)


def _dump(data: object) -> str:
    return to_json(data).decode()
