"""The JSON Schemas checked in are those the models generate, and notifications are valid by them."""

import json
from pathlib import Path

import jsonschema
import pytest

from schemas.__main__ import FOLDER, generate
from schemas.notifications import TYPES
from tests.rules.lives import Life, cause, transaction
from worker.consumer.notifications import Place, notify
from worker.rules.decide import decide
from worker.rules.facts import Fact, LineOfCreditEvent, RepaymentInterval, Summary
from worker.rules.milestones import Milestone
from worker.rules.state import AccountState


def test_what_is_checked_in_is_what_the_models_generate() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert stored == generate(), "run `make schemas`"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_each_schema_is_valid_json_schema_2020_12(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_every_milestone_and_record_is_told_as_its_schema_says() -> None:
    state = AccountState("acct_1", livemode=True)
    summary = Summary("accepted", "A", 1, 2, 3, 4, "usd", "0.1", RepaymentInterval(5, 6, 7))
    milestones = [milestone for milestone in Milestone if milestone is not Milestone.REPLACED]
    facts: list[Fact] = [Life("A").event(milestone, 1_000) for milestone in milestones]
    told = set()
    for fact in [*facts, transaction(), LineOfCreditEvent(summary, "evt_loc")]:
        decision = decide(state, fact, cause())
        state = decision.state
        for release in decision.releases:
            entry = notify(state, release, cause(), Place(1, 1, 1))
            schema = json.loads((FOLDER / f"{entry.type}.json").read_text())
            jsonschema.validate(json.loads(entry.value), schema, cls=jsonschema.Draft202012Validator)
            told.add(entry.type)
    assert len(told) > 8
    assert told <= set(TYPES)
