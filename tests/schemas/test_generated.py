"""The schemas, examples and contract checked in are what the models and the rules make, and what is told is valid."""

import json
from pathlib import Path

import jsonschema
import pytest

from schemas.__main__ import EXAMPLES, JSON, generate
from schemas.contract import RECORDS
from schemas.headers import NOTIFICATION, RECORD, header_schema
from schemas.notifications import TYPES
from tests.schemas.examples import examples

NAMES = [*TYPES, *RECORDS]
VALIDATOR = jsonschema.Draft202012Validator


def test_what_is_checked_in_is_what_the_models_generate() -> None:
    stored = {path: path.read_text(encoding="utf-8") for path in generate() if path.exists()}
    assert stored == generate(), "run `make schemas`"
    assert set(JSON.iterdir()) <= generate().keys(), "run `make schemas`"


def test_the_examples_checked_in_are_what_the_rules_tell() -> None:
    stored = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES.glob("*.json")}
    assert stored == examples(), "run `make schemas`"


def test_there_is_an_example_of_each_type() -> None:
    assert examples().keys() == set(NAMES)


@pytest.mark.parametrize("path", sorted(JSON.glob("*.json")), ids=lambda path: path.stem)
def test_each_schema_is_valid_json_schema_2020_12(path: Path) -> None:
    VALIDATOR.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_each_example_is_valid_by_its_schema(name: str) -> None:
    schema = json.loads((JSON / f"{name}.json").read_text(encoding="utf-8"))
    example = examples()[name]
    VALIDATOR(schema).validate(example["payload"])
    VALIDATOR(header_schema(NOTIFICATION if name in TYPES else RECORD)).validate(example["headers"])


@pytest.mark.parametrize("name", TYPES)
def test_what_is_told_has_every_field_that_is_published_and_no_other(name: str) -> None:
    payload = examples()[name]["payload"]
    # The models forbid what they do not name; published schemas let it through, for it may come with a later release.
    assert TYPES[name].model_validate(payload).model_dump() == payload
    VALIDATOR(json.loads((JSON / f"{name}.json").read_text(encoding="utf-8"))).validate(payload | {"new": 1})


@pytest.mark.parametrize("name", TYPES)
def test_a_notification_has_every_header_that_is_published_and_no_other(name: str) -> None:
    assert examples()[name]["headers"].keys() == NOTIFICATION.keys()


@pytest.mark.parametrize("name", RECORDS)
def test_the_code_reads_each_record_s_example(name: str) -> None:
    RECORDS[name].model_validate(examples()[name]["payload"])
