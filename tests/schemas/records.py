"""Records as they lie on the events topic, one of each type: Stripe's by their shape, ours as the code makes them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.journeys.webhooks import TRANSACTION_EXAMPLE, offer_event
from worker.ingress import cloudevent, envelope
from worker.lookup.observations import Kind, observation
from worker.ports import Headers, Question

AT: Final = 1_735_578_600
DUE: Final = 1_735_578_590_000
SHOWN: Final[Mapping[str, Any]] = {
    "id": "financingoffer_acct_1",
    "object": "capital.financing_offer",
    "status": "paid_out",
    "created": 1_735_578_000,
    "product_type": "standard",
}
SUMMARY: Final[Mapping[str, Any]] = {
    "status": "accepted",
    "financing_offer": "financingoffer_acct_1",
    "details": {"advance_amount": 100_000, "remaining_amount": 90_000, "currency": "gbp", "withhold_rate": 0.12},
}
ANSWERS: Final[Mapping[Kind, Mapping[str, Any]]] = {
    "survey": {"survey": "survey_1", "chunk": 1, "of": 1, "country": "GB", "offers": [SHOWN]},
    "offer": {"offer": "financingoffer_acct_1", "shown": SHOWN},
    "summary": {"shown": SUMMARY},
    "failed": {"kind": "survey", "subject": "", "reason": "RateLimitError 429"},
}


def _example(headers: Headers, value: bytes) -> Mapping[str, Any]:
    return {"headers": {name: text.decode() for name, text in headers}, "payload": json.loads(value)}


def _webhook(body: bytes) -> Mapping[str, Any]:
    read = envelope.read(body)
    assert read is not None
    return _example(cloudevent.headers(read), body)


def _observed(kind: Kind) -> Mapping[str, Any]:
    question = Question(livemode=True, account="acct_1", kind="survey", subject="", due=DUE, attempts=1)
    made = observation(question, kind, AT, ANSWERS[kind])
    example = _example(made.headers, made.value)
    # Each has an id of its own; an example has always the same.
    identity = f"obs_{kind}"
    return {"headers": example["headers"] | {"ce_id": identity}, "payload": example["payload"] | {"id": identity}}


def _commanded(kind: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    name = f"capital.command.{kind}"
    body = {"id": f"cmd_{kind}", "type": name, "created": AT, "livemode": True, "account": "acct_1"}
    headers = {"ce_specversion": "1.0", "ce_id": f"cmd_{kind}", "ce_type": name}
    return {
        "headers": headers | {"ce_source": "/capital-worker/operator"},
        "payload": body | {"data": {"object": asked}},
    }


REBUILT: Final[Mapping[str, Any]] = {
    "digest": "7d4c0b4dd9b5a1a06b2ca6e4d3b9a4d02b9a5be1f2d5c4b3a29180706f5e4d3c",
    "told": {
        "sequence": 4,
        "digest": "1f2e3d4c5b6a79880716253443526170899aabbccddeeff00112233445566778",
        "links": [],
        "withholding": {"offer": "financingoffer_acct_1", "rate": "0.12"},
        "withholding_revision": 1,
        "summary": None,
        "summary_revision": 0,
        "foretold": [],
    },
    "owed": ["financingoffer_acct_1:canceled", "acct_1:withholding:2"],
}
LINE_OF_CREDIT: Final = {
    "id": "evt_3",
    "object": "event",
    "created": AT,
    "livemode": True,
    "type": "capital.financing_summary.line_of_credit_update",
    "account": "acct_1",
    "data": {"object": {"object": "capital.financing_summary", **SUMMARY}},
}
RECORDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "com.stripe.capital.financing_offer": _webhook(offer_event("evt_2")),
    "com.stripe.capital.financing_transaction": _webhook(TRANSACTION_EXAMPLE.encode()),
    "com.stripe.capital.financing_summary": _webhook(json.dumps(LINE_OF_CREDIT).encode()),
    **{f"capital.observation.{kind}": _observed(kind) for kind in ANSWERS},
    "capital.command.redrive": _commanded("redrive", {"reason": "a duplicate of evt_1", "record_offset": None}),
    "capital.command.discard": _commanded("discard", {"reason": "a duplicate of evt_1", "record_offset": 41}),
    "capital.command.rebuild": _commanded("rebuild", {"reason": "cancellations were not understood", **REBUILT}),
}
