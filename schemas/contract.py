"""The contract in JSON Schema: one document for each notification and each record, as others may check them.

Published schemas are open: a reader that checks with an older one must not trip over a field that was added since.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas import notifications
from schemas.records import (
    Attribution,
    CommandRecord,
    FailedRecord,
    OfferAnswerRecord,
    OfferEventRecord,
    RebuildRecord,
    SummaryAnswerRecord,
    SummaryEventRecord,
    SurveyRecord,
    TransactionEventRecord,
)
from schemas.stripe_objects import Shape

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

# By `ce_type`; Stripe's own by the family of their types. Of Stripe's events only what is read is described.
RECORDS: Final[Mapping[str, type[Shape]]] = {
    "com.stripe.capital.financing_offer": OfferEventRecord,
    "com.stripe.capital.financing_transaction": TransactionEventRecord,
    "com.stripe.capital.financing_summary": SummaryEventRecord,
    "capital.observation.survey": SurveyRecord,
    "capital.observation.offer": OfferAnswerRecord,
    "capital.observation.summary": SummaryAnswerRecord,
    "capital.observation.failed": FailedRecord,
    "capital.command.redrive": CommandRecord,
    "capital.command.discard": CommandRecord,
    "capital.command.rebuild": RebuildRecord,
}


def documents() -> Mapping[str, Schema]:
    """Every document, by the name it is known by."""
    told = {name: _notification(name) for name in notifications.TYPES}
    return told | {name: _record(name) for name in RECORDS}


def _notification(name: str) -> Schema:
    schema = notifications.TYPES[name].model_json_schema(mode="serialization")
    return {**_head(notifications.schema_id(name)), **opened(schema)}


def _record(name: str) -> Schema:
    return _head(f"urn:capital-worker:record:{name}") | record_schema(RECORDS[name])


def _head(identity: str) -> Schema:
    return {"$schema": DIALECT, "$id": identity}


def record_schema(shape: type[Shape], ref_template: str = "#/$defs/{model}") -> Schema:
    """A record's own shape together with what makes any record attributable."""
    own = shape.model_json_schema(mode="validation", ref_template=ref_template)
    shared = Attribution.model_json_schema(mode="validation", ref_template=ref_template)
    own["properties"] = shared["properties"] | own["properties"]
    own["required"] = sorted({*shared["required"], *own["required"]})
    return own


def opened(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same schema, letting through fields that a later release adds."""
    if isinstance(schema, list):
        return [opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: opened(value) for key, value in schema.items() if (key, value) != ("additionalProperties", False)}
