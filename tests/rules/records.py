"""Builders of records as they lie on the events topic, and what one lane makes of them; no Kafka, no Postgres."""

import json
from collections.abc import Mapping
from typing import Any

from worker.consumer.decode import Attributed, Unattributable, Understood
from worker.consumer.notifications import Place, notify
from worker.consumer.reading import Foreign, Telling, Untelling, read
from worker.ports import AccountKey, Record
from worker.rules.decide import decide
from worker.rules.facts import Cause
from worker.rules.state import AccountState

OFFER = {
    "id": "financingoffer_1",
    "object": "capital.financing_offer",
    "account": "acct_1",
    "created": 1_000,
    "status": "undelivered",
    "product_type": "standard",
    "offered_terms": {"advance_amount": 100_000, "fee_amount": 10_000, "currency": "usd", "withhold_rate": 0.15},
}


def offer(**changes: object) -> dict[str, Any]:
    """An offer as an event's object shows it; a change to None takes the member away."""
    return {name: value for name, value in (OFFER | changes).items() if value is not None}


def event(kind: str, shown: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """An event of the type `capital.KIND` about an object."""
    members: dict[str, Any] = {
        "id": f"evt_{kind}",
        "object": "event",
        "created": 1_001,
        "data": {"object": dict(shown)},
        "livemode": True,
        "type": f"capital.{kind}",
    }
    return {name: value for name, value in (members | changes).items() if value is not None}


def observation(kind: str, answer: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """What the lookup role wrote of an answer about acct_1."""
    return event(f"observation.{kind}", answer, account="acct_1", **changes)


def record(body: Mapping[str, Any] | bytes, offset: int = 0) -> Record:
    """The record of a body on partition 0; its type stands in the header as the writer of each kind puts it there."""
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "" if isinstance(body, bytes) else str(body.get("type"))
    ce_type = kind if kind.startswith("capital.observation.") else f"com.stripe.{kind}"
    return Record(0, offset, 1_500_000 + offset, b"acct_1", value, (("ce_type", ce_type.encode()),))


class Lane:
    """Reads bodies as a lane does and decides what they say, in order; nothing is stored or published."""

    def __init__(self) -> None:
        self.states: dict[AccountKey, AccountState] = {}
        self.told: list[str] = []
        self.data: dict[str, Any] = {}
        self.unattributable: list[str] = []
        self.invalid: list[str] = []
        self.foreign: list[str] = []

    def take(self, *bodies: Mapping[str, Any] | bytes) -> None:
        for offset, body in enumerate(bodies):
            match read(record(body, offset)):
                case Telling(attributed, understood):
                    self._decide(attributed, understood)
                case Unattributable(_, reason):
                    self.unattributable.append(reason)
                case Untelling(_, invalid):
                    self.invalid.append(invalid.reason)
                case Foreign(foreign):
                    self.foreign.append(json.loads(foreign.value or b"")["type"])
                case other:
                    raise AssertionError(f"nobody sends this here: {other}")

    def _decide(self, attributed: Attributed, understood: Understood) -> None:
        livemode, account = attributed.key
        before = self.states.get(attributed.key) or AccountState(account, livemode)
        cause = Cause(attributed.id, attributed.record.timestamp)
        decision = decide(before, understood.fact, cause)
        for sequence, release in enumerate(decision.releases, before.sequence + 1):
            entry = notify(decision.state, release, cause, Place(sequence, attributed.record.offset, sequence))
            self.told.append(entry.id)
            self.data[entry.id] = json.loads(entry.value)
        self.states[attributed.key] = decision.state
