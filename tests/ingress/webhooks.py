"""Builders of webhooks as Stripe sends them, with a default for everything."""

import hashlib
import hmac
import json
import time
from typing import Any

OLD_SECRET = "whsec_old"
NEW_SECRET = "whsec_new"
LARGEST = 262_144


def event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """An offer's event; a change to None takes the member away."""
    members = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-09-30.preview",
        "created": 1_735_578_535,
        "data": {"object": {"id": "financingoffer_1", "object": "capital.financing_offer", "account": "acct_1"}},
        "livemode": True,
        "type": "capital.financing_offer.created",
    } | changes
    return {name: value for name, value in members.items() if value is not None}


def offer(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The `data` of an event about an offer."""
    members = {"id": "financingoffer_1", "object": "capital.financing_offer", "account": "acct_1"} | changes
    return {"object": {name: value for name, value in members.items() if value is not None}}


def body(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """The bytes of an event, pretty-printed as Stripe's are."""
    return json.dumps(event(**changes), indent=2).encode()


def body_with(extra: str) -> bytes:
    """The bytes of an event that has `extra`, any text, as the value of one more member."""
    return body()[:-2] + b',\n  "extra": ' + extra.encode("utf-8", "surrogatepass") + b"\n}"


def padded(size: int) -> bytes:
    """The bytes of an event, exactly `size` of them."""
    shortest = len(body_with('""'))
    return body_with('"' + "x" * (size - shortest) + '"')


def digest(payload: bytes, secret: str = NEW_SECRET, at: int | str | None = None) -> str:
    """The v1 signature of `payload` at a time, in seconds; now by default."""
    signed = f"{int(time.time()) if at is None else at}.".encode() + payload
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signed(payload: bytes, *secrets: str, at: int | None = None) -> bytes:
    """The value of the Stripe-Signature header, one v1 for each secret."""
    moment = int(time.time()) if at is None else at
    signatures = [f"v1={digest(payload, secret, moment)}" for secret in secrets or (NEW_SECRET,)]
    return ",".join([f"t={moment}", *signatures]).encode()


def request(payload: bytes, *more: bytes, path: bytes = b"/webhooks/stripe", method: bytes = b"POST") -> bytes:
    """A whole HTTP request, signed."""
    lines = [
        method + b" " + path + b" HTTP/1.1",
        b"host: localhost",
        b"content-length: %d" % len(payload),
        b"stripe-signature: " + signed(payload),
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + payload
