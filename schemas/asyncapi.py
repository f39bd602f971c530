"""The contract as one AsyncAPI 3.1 document: topics with their Kafka bindings, and messages with their shapes."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from schemas.contract import RECORDS, opened, record_schema
from schemas.headers import NOTIFICATION, RECORD, header_schema
from schemas.notifications import TYPES

Node = dict[str, Any]
# By type: the headers and the payload of one message.
Examples = Mapping[str, Mapping[str, Any]]

VERSION: Final = "1.0.0"
BINDING: Final = "0.5.0"
PARTITIONS: Final = 24
REPLICAS: Final = 3
RETENTION_MS: Final = 30 * 24 * 3_600_000

WHEN: Final[Mapping[str, str]] = {
    "created": "Stripe offers a financing.",
    "accepted": "The merchant accepted it.",
    "paid_out": "The money was paid out; of a pay-down refill, after the end of the financing it pays down.",
    "fully_repaid": "It is repaid; of a stacked refill, after its original's end.",
    "canceled": "It was canceled after its acceptance.",
    "rejected": "Stripe rejected it after its acceptance.",
    "expired": "It was not accepted in time.",
    "replaced": "Another offer took its place.",
    "accepted_other_offer": "The merchant accepted another offer.",
}
# By notification: what fixes its id, and when it is told.
TOLD: Final[Mapping[str, tuple[str, str]]] = {
    **{f"capital.offer.{one}.v1": (f"MODE:OFFER:{one}", when) for one, when in WHEN.items()},
    "capital.refill.linked.v1": (
        "MODE:REFILL:linked:REVISION",
        "The financing that a refill refills was found, confirmed or corrected.",
    ),
    "capital.refill.discount_settled.v1": (
        "MODE:REFILL:discount_settled",
        "The discount of a refill is known, or that there is none; once.",
    ),
    "capital.withholding.changed.v1": (
        "MODE:ACCOUNT:withholding:REVISION",
        "Stripe withholds from another financing, or at another rate.",
    ),
    "capital.transaction.recorded.v1": ("MODE:TRANSACTION:recorded", "Money moved; once for each transaction."),
    "capital.summary.observed.v1": ("MODE:ACCOUNT:summary:REVISION", "The account's summary shows something new."),
    "capital.line_of_credit.updated.v1": ("MODE:EVENT:line_of_credit", "Once for each event of Stripe's."),
    "capital.account.attention.v1": (
        "MODE:ACCOUNT:attention:REASON:SUBJECT",
        "A person should look; once for each reason and subject.",
    ),
}

# By record: what it says.
SAYS: Final[Mapping[str, str]] = {
    "com.stripe.capital.financing_offer": "Stripe's webhook about an offer, byte for byte.",
    "com.stripe.capital.financing_transaction": "Stripe's webhook about a transaction, byte for byte.",
    "com.stripe.capital.financing_summary": "Stripe's webhook about a line of credit, byte for byte.",
    "capital.observation.survey": "A page of an account's offers as Stripe's API showed them, with its country.",
    "capital.observation.offer": "One offer as Stripe's API showed it.",
    "capital.observation.summary": "An account's summary as Stripe's API showed it.",
    "capital.observation.failed": "A question that Stripe did not answer.",
    "capital.command.redrive": "An operator has an account's parked records applied.",
    "capital.command.discard": "An operator drops the record that blocks an account, and has the rest applied.",
    "capital.command.rebuild": "An operator has an account decided anew from all its records, as a replay found right.",
}


def document(examples: Examples) -> Node:
    """The whole document, with an example in each message that there is one for."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "capital-worker",
            "version": VERSION,
            "description": (
                "Stripe Capital webhooks in; ordered, exactly-once, country-aware notifications out. Read "
                "`capital.notifications` with `isolation.level=read_committed`."
            ),
        },
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {name: _told(name, examples) for name in TYPES}
            | {name: _recorded(name, examples) for name in RECORDS},
            "schemas": _schemas(),
        },
    }


def _channels() -> Node:
    return {
        "notifications": _channel(
            "capital.notifications",
            "What other services read. An account's notifications are on the partition of its events, in order.",
            list(TYPES),
            RETENTION_MS,
        ),
        "events": _channel(
            "stripe.capital.events",
            "The only input: webhooks, Stripe's answers and operators' commands, keyed by account.",
            list(RECORDS),
            RETENTION_MS,
        ),
        "deadLetters": _channel(
            "stripe.capital.dead-letters",
            "Copies of records that could not be applied or name no account; headers say why and where they lie.",
            list(RECORDS),
            -1,
        ),
    }


def _channel(topic: str, description: str, messages: list[str], retention_ms: int) -> Node:
    configuration = {"cleanup.policy": ["delete"], "retention.ms": retention_ms}
    kafka = {"topic": topic, "partitions": PARTITIONS, "replicas": REPLICAS, "topicConfiguration": configuration}
    return {
        "address": topic,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": kafka | {"bindingVersion": BINDING}},
    }


def _operations() -> Node:
    group = {"groupId": {"type": "string", "const": "capital-worker"}, "bindingVersion": BINDING}
    asked = [name for name in RECORDS if name.startswith("capital.observation.")]
    return {
        "tell": _operation("send", "notifications", "In transactions: readers see committed notifications only."),
        "take": _operation("receive", "events", "A lane for each partition.") | {"bindings": {"kafka": group}},
        "observe": _operation("send", "events", "The lookup role appends what Stripe answered.", asked),
        "bury": _operation("send", "deadLetters", "In the transaction that passes the record by."),
    }


def _operation(action: str, channel: str, summary: str, messages: list[str] | None = None) -> Node:
    operation: Node = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
    if messages:
        operation["messages"] = [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages]
    return operation


def _told(name: str, examples: Examples) -> Node:
    identity, when = TOLD[name]
    message = _message(name, when, TYPES[name].__name__, "NotificationHeaders", "The account's id.")
    return message | {"description": f"`ce_id` is `{identity}`."} | _shown(name, examples)


def _recorded(name: str, examples: Examples) -> Node:
    key = "The account's id; the event's where no one account is named."
    return _message(name, SAYS[name], _record_name(name), "RecordHeaders", key) | _shown(name, examples)


def _message(name: str, summary: str, shape: str, headers: str, key: str) -> Node:
    kafka = {"key": {"type": "string", "description": key}, "bindingVersion": BINDING}
    return {
        "name": name,
        "title": name,
        "summary": summary,
        "contentType": "application/json",
        "headers": {"$ref": f"#/components/schemas/{headers}"},
        "payload": {"$ref": f"#/components/schemas/{shape}"},
        "bindings": {"kafka": kafka},
    }


def _shown(name: str, examples: Examples) -> Node:
    example = examples.get(name)
    return (
        {"examples": [{"name": "one", "headers": example["headers"], "payload": example["payload"]}]} if example else {}
    )


def _record_name(name: str) -> str:
    """The name of a record's shape; those of Stripe's objects inside it are told from the notifications' by theirs."""
    return f"Record.{RECORDS[name].__name__}"


def _schemas() -> Node:
    _, told = models_json_schema(
        [(shape, "serialization") for shape in dict.fromkeys(TYPES.values())],
        ref_template="#/components/schemas/{model}",
    )
    recorded: Node = {}
    for name in RECORDS:
        schema = record_schema(RECORDS[name], ref_template="#/components/schemas/Record.{model}")
        recorded |= {f"Record.{inner}": shape for inner, shape in schema.pop("$defs", {}).items()}
        recorded[_record_name(name)] = schema
    headers = {"NotificationHeaders": header_schema(NOTIFICATION), "RecordHeaders": header_schema(RECORD)}
    return {**headers, **opened(told["$defs"]), **opened(recorded)}
