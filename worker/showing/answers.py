"""Answers of Stripe's API, and commands of operators, in a few words; what is not known here stays unsaid."""

from collections.abc import Mapping
from typing import Any

from worker.showing.identifiers import short


def answer(record_type: str | None, said: Mapping[str, Any]) -> str | None:
    """What the object of such a record says, for one line; None where its type is not known."""
    match record_type:
        case "capital.observation.failed":
            return f"no answer about the {_question(said)}: {_reason(said)}"
        case "capital.observation.survey":
            country = said["country"] or "not known"
            return f"page {said['chunk']} of {said['of']}: country {country}, {len(said['offers'])} offers"
        case "capital.observation.offer":
            shown = said["shown"]
            status = f"has status {shown['status']}" if shown else "does not exist"
            return f"the offer {short(said['offer'])} {status}"
        case "capital.observation.summary":
            return "a summary" if said["shown"] else "there is no summary"
        case "capital.command.redrive":
            return f"what is parked is applied: {_reason(said)}"
        case "capital.command.discard":
            return f"the record at offset {said.get('record_offset')} is dropped: {_reason(said)}"
        case "capital.command.rebuild":
            return f"the account is decided anew from all its records: {_reason(said)}"
        case _:
            return None


def _question(said: Mapping[str, Any]) -> str:
    return f"{said['kind']} {short(said['subject'])}".strip()


def _reason(said: Mapping[str, Any]) -> str:
    return said.get("reason") or "no reason given"
