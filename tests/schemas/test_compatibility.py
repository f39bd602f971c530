"""A released version only grows: what readers of the last release rely on is still there, as it was."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.__main__ import JSON, RELEASED
from schemas.compatibility import taken_away
from schemas.contract import documents

PAID_OUT = "capital.offer.paid_out.v1"
ATTENTION = "capital.account.attention.v1"


@pytest.mark.parametrize("path", sorted(RELEASED.glob("*.json")), ids=lambda path: path.stem)
def test_nothing_released_is_taken_away(path: Path) -> None:
    released = json.loads(path.read_text(encoding="utf-8"))
    assert (JSON / path.name).exists(), "a whole type is gone"
    assert taken_away(released, json.loads((JSON / path.name).read_text(encoding="utf-8"))) == []


def test_something_was_released() -> None:
    assert list(RELEASED.glob("*.json"))


@pytest.fixture
def released() -> dict[str, Any]:
    return deepcopy(dict(documents()[PAID_OUT]))


def offer(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"]["Offer"]
    return found


def test_a_removed_field_is_refused(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    del offer(current)["properties"]["expires_at"]
    assert taken_away(released, current) == ["offer.expires_at: is gone"]


def test_a_removed_field_deep_inside_is_refused(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    del current["$defs"]["AcceptedTerms"]["properties"]["fee_amount"]
    assert taken_away(released, current) == ["offer.accepted_terms.fee_amount: is gone"]


def test_a_retyped_field_is_refused(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    current["properties"]["late"] = {"type": "string"}
    assert taken_away(released, current) == ["late: was boolean, is string"]


def test_a_field_that_becomes_nullable_is_refused_for_readers_never_looked(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    current["properties"]["account"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert taken_away(released, current) == ["account: was string, is null or string"]


def test_items_of_another_type_are_refused(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    current["properties"]["gap"]["items"] = {"type": "object"}
    assert taken_away(released, current) == ["gap.[]: was string, is object"]


def test_a_field_that_may_be_left_out_is_refused(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    current["required"].remove("messaging")
    assert taken_away(released, current) == ["messaging: may be left out"]


def test_a_word_that_is_no_longer_said_is_refused() -> None:
    released = dict(documents()[ATTENTION])
    current = deepcopy(released)
    current["properties"]["reason"]["enum"].remove("gap")
    assert taken_away(released, current) == ["reason: no longer says gap"]


def test_growth_is_welcome(released: dict[str, Any]) -> None:
    current = deepcopy(released)
    offer(current)["properties"]["new"] = {"type": "integer"}
    current["properties"]["basis"]["enum"].append("guessed")
    assert taken_away(released, current) == []
    assert taken_away(current, released) == ["basis: no longer says guessed", "offer.new: is gone"]
