"""What a command refuses before it begins anything, asked in this process: no loop is started, no server needed."""

import os

import pytest

from worker.cli.commands import run

WRONG = 2


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the machine's own settings."""
    for name in [name for name in os.environ if name.startswith("CAPITAL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("role", ["serve", "consume", "lookup", "ingress", "migrate", "topics"])
def test_every_problem_of_the_settings_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], role: str
) -> None:
    monkeypatch.setenv("CAPITAL_KAFKA_BOOTSTRAPS", "a:1")
    monkeypatch.setenv("CAPITAL_CONSUMER_GROUP_FILE", "/dev/null")
    monkeypatch.setenv("CAPITAL_TOPIC_PARTITIONS", "none")
    monkeypatch.setenv("CAPITAL_GATE_GRACE_SECONDS", "-1")
    monkeypatch.setenv("CAPITAL_WEBHOOK_SECRETS_FILE", "/does/not/exist")
    assert run([role]) == WRONG
    said = capsys.readouterr()
    named = [
        "CAPITAL_KAFKA_BOOTSTRAPS: unknown setting",
        "CAPITAL_CONSUMER_GROUP_FILE: unknown setting",
        "CAPITAL_TOPIC_PARTITIONS: ",
        "CAPITAL_GATE_GRACE_SECONDS: ",
        "CAPITAL_WEBHOOK_SECRETS_FILE: cannot be read",
        "CAPITAL_DATABASE_URL: required" if role not in {"ingress", "topics"} else "",
        "CAPITAL_KAFKA_BOOTSTRAP: required" if role != "migrate" else "",
    ]
    assert [name for name in named if name not in said.err] == []
    assert said.out == ""


def test_settings_that_contradict_one_another_are_all_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPITAL_EVENTS_TOPIC", "same")
    monkeypatch.setenv("CAPITAL_NOTIFICATIONS_TOPIC", "same")
    monkeypatch.setenv("CAPITAL_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("CAPITAL_STRIPE_API_KEY", "sk_live_a,rk_live_b")
    monkeypatch.setenv("CAPITAL_DATABASE_URL", "postgresql://a")
    monkeypatch.setenv("CAPITAL_DATABASE_URL_FILE", "/etc/hostname")
    assert run(["serve"]) == WRONG
    said = capsys.readouterr().err
    named = ["three different names", "asks for SASL", "at most one key per mode", "choose one"]
    assert [name for name in named if name not in said] == []


def test_no_secret_is_shown_when_settings_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPITAL_WEBHOOK_SECRETS", "whsec_hidden")
    monkeypatch.setenv("CAPITAL_STRIPE_API_KEY", "hidden")
    monkeypatch.setenv("CAPITAL_DATABASE_URL", "postgresql://a:hidden@b/c")
    monkeypatch.setenv("CAPITAL_BATCH_SIZE", "0")
    assert run(["serve"]) == WRONG
    assert "hidden" not in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["sevre"], ["serve", "--faster"]])
def test_wrong_usage_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == WRONG
    assert "usage: capital-worker" in capsys.readouterr().err


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "usage: capital-worker" in capsys.readouterr().out
