"""Observations: what Stripe answered, as records for the events topic, shaped like events and read like them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import uuid4

from worker.headers import QUIET
from worker.ports import Headers, Question

Kind = Literal["survey", "offer", "summary", "failed"]
TYPE: Final = "capital.observation."


@dataclass(frozen=True, slots=True)
class Observation:
    """A record ready to be appended."""

    key: bytes
    value: bytes
    headers: Headers


def observation(question: Question, kind: Kind, at: float, answer: Mapping[str, Any]) -> Observation:
    """The record of an answer given at `at` (seconds since the epoch) to a question.

    Its object has the answer and the question's `due`, by which the rules tell what it answers.
    """
    identity = f"obs_{uuid4().hex}"
    body = {
        "id": identity,
        "type": TYPE + kind,
        "created": int(at),
        "livemode": question.livemode,
        "account": question.account,
        "data": {"object": {"due": question.due, **answer}},
    }
    headers = {
        "ce_specversion": "1.0",
        "ce_id": identity,
        "ce_type": TYPE + kind,
        "ce_source": f"/capital-worker/{'live' if question.livemode else 'test'}/lookup",
        "ce_time": datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z"),
        "ce_subject": question.subject or question.account,
        "content-type": "application/json",
    }
    return Observation(
        question.account.encode(),
        json.dumps(body, separators=(",", ":")).encode(),
        tuple((name, value.encode()) for name, value in headers.items()),
    )


def survey(
    question: Question, at: float, country: str | None, pages: Sequence[Sequence[Mapping[str, Any]]]
) -> Sequence[Observation]:
    """The records of a survey, one for each page of offers; only whole, and in this order, are they an answer."""
    name = uuid4().hex
    return [
        observation(
            question,
            "survey",
            at,
            {"survey": name, "chunk": chunk, "of": len(pages), "country": country, "offers": list(page)},
        )
        for chunk, page in enumerate(pages, 1)
    ]


def brought(shown: Mapping[str, Any], at: float, *, livemode: bool, quiet: bool) -> Observation:
    """The record of an offer that somebody brought for downstream to hear of, or in silence; nothing had asked for it.

    Its `due` is older than any question, so that it counts as nobody's answer.
    """
    question = Question(livemode, shown["account"], "offer", shown["id"], due=0, attempts=0)
    record = observation(question, "offer", at, {"offer": shown["id"], "shown": shown, "announces": True})
    return replace(record, headers=(*record.headers, QUIET)) if quiet else record


def failed(question: Question, at: float, reason: str) -> Observation:
    """The record that says that a question was given up."""
    answer = {"kind": question.kind, "subject": question.subject, "reason": reason}
    return observation(question, "failed", at, answer)
