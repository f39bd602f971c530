"""The codec: what the rules know, to and from the JSON of the `facts` columns; the same state, the same bytes."""

import json
from collections.abc import Mapping
from dataclasses import replace

from worker.rules.facts import Rank
from worker.rules.milestones import STRENGTH, Milestone
from worker.rules.state import AccountState, Evidence, Hold, Offer, Seen


def encode_offer(offer: Offer) -> str:
    """An offer's facts. Ranks stand once and fields name them by place: most fields share one of a few."""
    ranks = sorted({seen.rank for seen in offer.fields.values()})
    place = {rank: index for index, rank in enumerate(ranks)}
    return _dump(
        {
            "ranks": ranks,
            "fields": {name: [seen.value, place[seen.rank]] for name, seen in sorted(offer.fields.items())},
            "known": {m: _evidence(offer.known[m]) for m in _ordered(offer.known)},
            "released": _ordered(offer.released),
            "holds": {
                m: [hold.gate, hold.waiting_for, hold.since, hold.until]
                for m, hold in sorted(offer.holds.items(), key=lambda item: STRENGTH[item[0]])
            },
        }
    )


def decode_offer(offer_id: str, facts: str) -> Offer:
    """The offer that `encode_offer` wrote."""
    data = json.loads(facts)
    ranks: list[Rank] = [(strength, created, event_id) for strength, created, event_id in data["ranks"]]
    return Offer(
        id=offer_id,
        fields={name: Seen(value, ranks[place]) for name, (value, place) in data["fields"].items()},
        known={
            Milestone(m): Evidence(basis, created, event_id, frozenset(map(Milestone, proves)))
            for m, (basis, created, event_id, proves) in data["known"].items()
        },
        released=frozenset(map(Milestone, data["released"])),
        holds={
            Milestone(m): Hold(gate, tuple(waiting_for), since, until)
            for m, (gate, waiting_for, since, until) in data["holds"].items()
        },
    )


def encode_account(state: AccountState) -> str:
    """An account's own facts; its offers and transactions have rows of their own."""
    return _dump({"attention": sorted(state.attention)})


def decode_account(state: AccountState, facts: str) -> AccountState:
    """The account that `encode_account` wrote; `state` has what stands in columns and rows of their own."""
    data = json.loads(facts)
    return replace(state, attention=frozenset((reason, subject) for reason, subject in data["attention"]))


def _evidence(evidence: Evidence) -> list[object]:
    return [evidence.basis, evidence.created, evidence.id, _ordered(evidence.proves)]


def _ordered(milestones: Mapping[Milestone, object] | frozenset[Milestone]) -> list[Milestone]:
    return sorted(milestones, key=STRENGTH.__getitem__)


def _dump(data: object) -> str:
    return json.dumps(data, separators=(",", ":"))
