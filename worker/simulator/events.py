"""Stripe's event objects as the bytes a webhook carries; an event's bytes never change, however often it is sent."""

import json
from dataclasses import dataclass, replace
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: what a test needs to know of it, and the whole of it as pretty-printed UTF-8 JSON in `body`.

    `created` is whole seconds since the epoch; `subject` is `data.object.id`, None for an object without one.
    """

    id: str
    type: str
    account: str
    livemode: bool
    created: int
    subject: str | None
    body: bytes

    def under(self, event_id: str) -> "Event":
        """The same happening told a second time, under another event id."""
        return replace(self, id=event_id, body=rendered(json.loads(self.body) | {"id": event_id}))


def event_of(account: str, payload: JsonObject) -> Event:
    """The event whose JSON this is, about this account, rendered now."""
    return Event(
        id=payload["id"],
        type=payload["type"],
        account=account,
        livemode=payload["livemode"],
        created=payload["created"],
        subject=payload["data"]["object"].get("id"),
        body=rendered(payload),
    )


def rendered(payload: JsonObject) -> bytes:
    """The JSON as Stripe prints it: two spaces, `id` and `object` first, then by name, text not escaped."""
    return json.dumps(_in_stripes_order(payload), indent=2, ensure_ascii=False).encode()


def _in_stripes_order(value: JsonObject) -> JsonObject:
    names = sorted(value, key=lambda name: (name != "id", name != "object", name))
    return {name: _in_stripes_order(value[name]) if isinstance(value[name], dict) else value[name] for name in names}
