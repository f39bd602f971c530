"""The playground for people with Docker: settings that each role accepts, and parts that wait for one another."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.deploy.queries import ROOT
from worker.cli.commands import run
from worker.settings import load, roles

SERVICES: Mapping[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("capital-worker:")}


def awaited(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, how in service.get("depends_on", {}).items():
        yield name, how["condition"]


def test_it_runs_what_comes_before_the_roles_the_roles_and_the_simulator() -> None:
    assert set(OURS) == {"topics", "migrate", "ingress", "consume", "lookup", "simulate"}


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_services_is_given_settings_it_accepts_and_a_command_there_is(name: str) -> None:
    role = next(role for role in roles() if role == name)
    load(role, OURS[name]["environment"])
    assert run([*OURS[name]["command"], "--help"]) == 0


@pytest.mark.parametrize("name", OURS)
def test_each_has_longer_to_end_than_it_takes_to_drain(name: str) -> None:
    assert OURS[name]["stop_grace_period"] == "45s"
    assert load("serve", OURS[name]["environment"]).drain_seconds < 45


@pytest.mark.parametrize("name", OURS)
def test_each_waits_only_for_what_says_when_it_is_there(name: str) -> None:
    for other, condition in awaited(OURS[name]):
        assert ("healthcheck" in SERVICES[other]) == (condition == "service_healthy"), other


def test_the_image_is_of_this_release() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {f'version = "{service["image"].removeprefix("capital-worker:")}"' for service in OURS.values()} <= set(
        project.splitlines()
    )
