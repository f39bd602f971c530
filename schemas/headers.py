"""Headers: the CloudEvents 1.0 attributes that each record carries, in Kafka's binary mode, and what they say."""

from collections.abc import Mapping
from typing import Any, Final

# By header: its meaning, and how its text looks where that is fixed. Those marked below are not on every record.
Meaning = tuple[str, str | None]

TRACEPARENT: Final = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"

NOTIFICATION: Final[Mapping[str, Meaning]] = {
    "ce_specversion": ("The version of CloudEvents.", "^1\\.0$"),
    "ce_id": ("Fixed by what happened, not by when it was told: deduplicate by it.", None),
    "ce_source": ("This system, and the mode.", "^/capital-worker/(live|test)$"),
    "ce_type": ("What is told, with its version.", "^capital\\.[a-z_.]+\\.v[0-9]+$"),
    "ce_time": ("When Kafka got the record that released it; a replay gives it again. RFC 3339, in UTC.", "Z$"),
    "ce_subject": ("The offer, refill or transaction it is about; else the account.", None),
    "ce_partitionkey": ("The account.", None),
    "ce_livemode": ("Whether it is live: test and live share nothing.", "^(true|false)$"),
    "ce_sequence": ("Its number among those of the account and mode, dense from 1.", "^[0-9]{10}$"),
    "ce_causationid": ("The `ce_id` of the record that released it.", None),
    "ce_dataschema": ("The `$id` of the JSON Schema of the data.", "^urn:capital-worker:"),
    "content-type": ("Always JSON.", "^application/json$"),
    "traceparent": (
        "The trace of the record that released it: what the webhook came with, or one named by the MD5 of its id.",
        TRACEPARENT,
    ),
}
RECORD: Final[Mapping[str, Meaning]] = {
    "ce_specversion": ("The version of CloudEvents.", "^1\\.0$"),
    "ce_id": ("The event's id at Stripe; of observations and commands, one of their own.", None),
    "ce_source": ("Stripe and the mode; the lookup role; an operator.", None),
    "ce_type": ("`com.stripe.` and Stripe's type; or what is observed or commanded.", None),
    "ce_time": ("The event's creation. RFC 3339, in UTC.", None),
    "ce_subject": ("The object's id.", None),
    "content-type": ("Always JSON.", "^application/json$"),
    "traceparent": ("The trace that the webhook came with (W3C Trace Context).", TRACEPARENT),
}
# Left out where nobody said it.
OPTIONAL: Final = frozenset({"ce_time", "ce_subject", "content-type", "traceparent"})


def header_schema(headers: Mapping[str, Meaning]) -> dict[str, Any]:
    """The headers as a schema; their values are UTF-8 text."""
    optional = OPTIONAL if headers is RECORD else frozenset()
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": meaning} | ({"pattern": pattern} if pattern else {})
            for name, (meaning, pattern) in headers.items()
        },
        "required": [name for name in headers if name not in optional],
    }
