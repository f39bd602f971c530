"""The contract as a page: every message with its fields and an example, rendered from the AsyncAPI document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]


def page(document: Node) -> str:
    """Markdown for people; what machines read is the document itself."""
    lines = [
        "# The contract",
        "",
        "Rendered from `schemas/asyncapi.json`; `make schemas` writes both.",
        "How to read the topic, with examples in code, is in [consuming.md](consuming.md).",
        "",
        *_channels(document),
        "## Headers of a notification",
        "",
        *_table(document, document["components"]["schemas"]["NotificationHeaders"]),
        "## Notifications",
        "",
        "Each is told once. MODE is `live` or `test`.",
        "Every field of the data is always there; unknown is null, never 0.",
        "",
        *_messages(document, "notifications"),
        "## Records",
        "",
        "What is on the events topic. Of Stripe's events, the fields that are read; there are more.",
        "",
        *_messages(document, "events"),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _channels(document: Node) -> Iterator[str]:
    yield "| topic | partitions | |"
    yield "|---|---|---|"
    for channel in document["channels"].values():
        partitions = channel["bindings"]["kafka"]["partitions"]
        yield f"| `{channel['address']}` | {partitions} | {channel['description']} |"
    yield ""


def _messages(document: Node, channel: str) -> Iterator[str]:
    """Messages of one shape together, with the example of the first."""
    by_shape: dict[str, list[Node]] = {}
    for name in document["channels"][channel]["messages"]:
        message = document["components"]["messages"][name]
        by_shape.setdefault(message["payload"]["$ref"], []).append(message)
    for reference, messages in by_shape.items():
        shape = _followed(document, {"$ref": reference})
        yield f"### {reference.rpartition('/')[2].removeprefix('Record.')}"
        yield ""
        yield from (f"{shape['description']}", "")
        yield from (_line(message) for message in messages)
        yield ""
        yield from _table(document, shape)
        yield from _example(messages[0])


def _line(message: Node) -> str:
    described = f" {message['description']}" if "description" in message else ""
    return f"- `{message['name']}`: {message['summary']}{described}"


def _example(message: Node) -> Iterator[str]:
    for example in message.get("examples", ()):
        yield from ("<details><summary>An example</summary>", "", "```json")
        yield json.dumps({"headers": example["headers"], "data": example["payload"]}, indent=2, ensure_ascii=False)
        yield from ("```", "", "</details>", "")


def _table(document: Node, shape: Node) -> Iterator[str]:
    yield from ("| field | type | |", "|---|---|---|")
    for path, kind, meaning in _fields(document, shape, ""):
        yield f"| `{path}` | {kind} | {meaning} |"
    yield ""


def _fields(document: Node, shape: Node, before: str) -> Iterator[tuple[str, str, str]]:
    """Every field by its path, those of inner objects below it."""
    for name, field in shape.get("properties", {}).items():
        choices = [_followed(document, choice) for choice in field.get("anyOf", [field])]
        kinds = [_kind(document, choice) for choice in choices]
        inner = next((choice for choice in choices if choice.get("type") == "object"), {})
        described = next((one["description"] for one in [field, *choices] if "description" in one), "")
        yield f"{before}{name}", " or ".join(kinds), " ".join(described.split())
        yield from _fields(document, inner, f"{before}{name}.")
        for choice in choices:
            if choice.get("type") == "array":
                yield from _fields(document, _followed(document, choice["items"]), f"{before}{name}[].")


def _kind(document: Node, choice: Node) -> str:
    if "enum" in choice:
        return ", ".join(f"`{word}`" for word in choice["enum"])
    if choice.get("type") == "array":
        return f"list of {_kind(document, _followed(document, choice['items']))}"
    kind = choice.get("type", "any")
    return kind if isinstance(kind, str) else " or ".join(kind)


def _followed(document: Node, node: Node) -> Node:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node
