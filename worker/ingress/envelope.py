"""Reads the envelope of an event, and nothing else of it; never refuses an event for what its envelope holds."""

import json
import re
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# The account stands in the third object: event, data, object.
_DEPTH: Final = 3
_LONGEST_NUMBER: Final = 18


class Envelope(NamedTuple):
    """What the ingress must know of an event. `created` is in seconds since the epoch; None is not known."""

    event_id: str
    event_type: str
    created: float | None = None
    livemode: bool | None = None
    account: str | None = None
    object_id: str | None = None


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class _Object(_Model):
    id: str | None = None
    account: str | None = None


class _Data(_Model):
    object: _Object


class _Event(_Model):
    """The envelope as Stripe sends it; anything else takes the slower, forgiving way."""

    id: str = Field(min_length=1)
    type: str = Field(min_length=1)
    created: int
    livemode: bool
    account: str | None = None
    data: _Data


def read(body: bytes) -> Envelope | None:
    """The envelope of `body`, or None when it is no JSON object with an `id` and a `type` that are text."""
    try:
        event = _Event.model_validate_json(body)
    except ValidationError:
        return _read_forgivingly(body)
    shown = event.data.object
    account = _attributed(event.account, shown.account)
    return Envelope(event.id, event.type, event.created, event.livemode, account, shown.id or None)


def _attributed(*named: object) -> str | None:
    """The one account that is named, or None: two different ones, or none, cannot be attributed."""
    accounts = {account for account in named if isinstance(account, str) and account}
    return accounts.pop() if len(accounts) == 1 else None


def _read_forgivingly(body: bytes) -> Envelope | None:
    try:
        event = json.loads(_shallow(body.decode("utf-8")), parse_int=_number)
    except ValueError:
        return None
    event_id, event_type = _member(event, "id"), _member(event, "type")
    if not (isinstance(event_id, str) and event_id and isinstance(event_type, str) and event_type):
        return None
    shown = _member(_member(event, "data"), "object")
    livemode, created, object_id = _member(event, "livemode"), _member(event, "created"), _member(shown, "id")
    return Envelope(
        event_id,
        event_type,
        created if isinstance(created, int | float) and not isinstance(created, bool) else None,
        livemode if isinstance(livemode, bool) else None,
        _attributed(_member(event, "account"), _member(shown, "account")),
        object_id if isinstance(object_id, str) and object_id else None,
    )


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _number(digits: str) -> int | float:
    # Past 4300 digits int() raises; no number here means anything past 18.
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


# A string that never ends is one piece, too: starting anew behind each of its quotes would take quadratic time.
_PIECE: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]|[^"\[\]{}]+', re.DOTALL)


def _shallow(text: str) -> str:
    """The JSON with every container below the envelope emptied: a parser that recurses has a limit, this has none."""
    kept: list[str] = []
    depth = 0
    for piece in _PIECE.findall(text):
        if piece in {"]", "}"}:
            depth -= 1
        if depth <= _DEPTH:
            kept.append(piece)
        if piece in {"[", "{"}:
            depth += 1
    return "".join(kept)
