"""Every alert asks for what there is, is explained on a page, and is played through by promtool."""

import re

import pytest
import yaml

from tests.deploy.queries import FOLDER, ROOT, alerts, panels, selectors
from tests.test_metrics import OURS, exposed

RUNBOOKS = ROOT / "deploy" / "runbooks"
NAMES = [rule["alert"] for rule in alerts()]
SECTIONS = ["Meaning", "First look", "Action"]


def test_alerts_and_pages_are_the_same_list() -> None:
    assert sorted(f"{name}.md" for name in NAMES) == sorted(path.name for path in RUNBOOKS.iterdir())


@pytest.mark.parametrize("rule", alerts(), ids=NAMES)
def test_an_alert_says_what_is_wrong_how_bad_it_is_and_where_to_read_on(rule: dict[str, dict[str, str]]) -> None:
    page = RUNBOOKS / f"{rule['alert']}.md"
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["runbook"] == str(page.relative_to(ROOT))
    assert rule["annotations"]["summary"].endswith(".")
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {rule['alert']}\n")
    assert [title for title in re.findall(r"^## (.*)$", text, re.MULTILINE) if title in SECTIONS] == SECTIONS


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_sends_nobody_where_nothing_is(page: str) -> None:
    text = (RUNBOOKS / page).read_text(encoding="utf-8").replace("\n", " ")
    for path in re.findall(r"`((?:docs|deploy)/[\w./-]+\.\w+)`", text):
        assert (ROOT / path).exists(), path
    for path, section in re.findall(r'`(docs/[\w.-]+)`, +"(.*?)"', text):
        assert f"# {' '.join(section.split())}\n" in (ROOT / path).read_text(encoding="utf-8"), section
    for name in re.findall(r"Capital[A-Z]\w+", text):
        assert name in NAMES, name


def test_promtool_shows_each_alert_firing_and_silent_where_all_is_well() -> None:
    tests = yaml.safe_load((FOLDER / "alerts-test.yaml").read_text(encoding="utf-8"))["tests"]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    assert [check["alertname"] for check in checks if not check.get("exp_alerts")] == NAMES
    assert {check["alertname"] for check in checks if check.get("exp_alerts")} == set(NAMES)


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for _, query in panels() for name, _ in selectors(query)}
    asked = {exposed(family) + ("_bucket" if family.type == "histogram" else "") for family in OURS}
    assert asked - shown == set()
