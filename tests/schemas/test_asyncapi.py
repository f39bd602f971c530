"""The AsyncAPI document is well formed, refers to nothing that is not there, and says of topics what the code says."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema
import pytest

from schemas.__main__ import ASYNCAPI
from schemas.asyncapi import REPLICAS, SAYS, TOLD
from schemas.contract import RECORDS
from schemas.notifications import TYPES
from tests.deploy.shapes import COUNT, TEXT, Shape, closed, members, one_of, some
from worker.settings import Settings
from worker.topic.topics import wanted

DOCUMENT: Final[Mapping[str, Any]] = json.loads(ASYNCAPI.read_text(encoding="utf-8"))
MESSAGES: Final = DOCUMENT["components"]["messages"]
REFERENCE: Final = members({"$ref": {"type": "string", "pattern": "^#/"}})
NAME: Final = {"pattern": r"^[\w.-]+$"}
BINDING: Final = one_of("0.5.0")


def each(shape: Shape) -> Shape:
    """Any number of members of one shape, with names that AsyncAPI allows."""
    return {"type": "object", "propertyNames": NAME, "additionalProperties": shape}


CONFIGURATION: Final = members({"cleanup.policy": some(one_of("delete")), "retention.ms": {"type": "integer"}})
TOPIC: Final = closed(
    topic=TEXT, partitions=COUNT, replicas=COUNT, topicConfiguration=CONFIGURATION, bindingVersion=BINDING
)
CHANNEL: Final = closed(address=TEXT, description=TEXT, messages=each(REFERENCE), bindings=closed(kafka=TOPIC))
OPERATION: Final = members(
    {
        "action": one_of("send", "receive"),
        "channel": REFERENCE,
        "summary": TEXT,
        "messages": some(REFERENCE),
        "bindings": closed(kafka=closed(groupId={"type": "object"}, bindingVersion=BINDING)),
    },
    optional={"messages", "bindings"},
)
MESSAGE: Final = members(
    {
        "name": TEXT,
        "title": TEXT,
        "summary": TEXT,
        "description": TEXT,
        "contentType": one_of("application/json"),
        "headers": REFERENCE,
        "payload": REFERENCE,
        "bindings": closed(kafka=closed(key={"type": "object"}, bindingVersion=BINDING)),
        "examples": some(closed(name=TEXT, headers={"type": "object"}, payload={"type": "object"})),
    },
    optional={"description"},
)
# As much of AsyncAPI 3.1 as the document uses; its own parser knows the rest (`make contract-check`).
SHAPE: Final = closed(
    asyncapi=one_of("3.1.0"),
    info=closed(title=TEXT, version=TEXT, description=TEXT),
    defaultContentType=one_of("application/json"),
    channels=each(CHANNEL),
    operations=each(OPERATION),
    components=closed(messages=each(MESSAGE), schemas=each({"type": "object"})),
)


def references(node: object) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)
        case _:
            pass


def test_it_is_shaped_as_asyncapi_documents_are() -> None:
    jsonschema.Draft202012Validator(dict(SHAPE)).validate(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_type_is_a_message_and_explained() -> None:
    assert MESSAGES.keys() == TYPES.keys() | RECORDS.keys()
    assert TOLD.keys() == TYPES.keys()
    assert SAYS.keys() == RECORDS.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_s_example_is_valid_by_the_document_alone(name: str) -> None:
    (example,) = MESSAGES[name]["examples"]
    for part in ("headers", "payload"):
        schema = {"$ref": MESSAGES[name][part]["$ref"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(example[part])


def test_topics_are_those_that_the_code_makes() -> None:
    bindings = [channel["bindings"]["kafka"] for channel in DOCUMENT["channels"].values()]
    documented = {
        one["topic"]: (one["partitions"], one["replicas"], str(one["topicConfiguration"]["retention.ms"]))
        for one in bindings
    }
    topics = wanted(Settings())
    assert documented == {
        topic.name: (topic.partitions, topic.replication, topic.config["retention.ms"]) for topic in topics
    }
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == documented.keys()
    assert Settings().topic_replication == REPLICAS


def test_the_group_is_the_one_that_consumers_join() -> None:
    assert DOCUMENT["operations"]["take"]["bindings"]["kafka"]["groupId"]["const"] == Settings().consumer_group
