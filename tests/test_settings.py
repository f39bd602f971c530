"""Settings: read once, every problem named at once, secrets also from files."""

from pathlib import Path

import pytest

from worker.settings import SettingsError, load

MINIMAL = {
    "CAPITAL_KAFKA_BOOTSTRAP": "localhost:9092",
    "CAPITAL_DATABASE_URL": "postgresql://localhost/capital",
    "CAPITAL_WEBHOOK_SECRETS": "whsec_old, whsec_new",
}


def problems(environ: dict[str, str], role: str = "serve") -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(role, environ)  # type: ignore[arg-type]  # a role by its name
    return error.value.problems


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = load("serve", MINIMAL)
    expected = {
        "webhook_secrets": ("whsec_old", "whsec_new"),
        "events_topic": "stripe.capital.events",
        "notifications_topic": "capital.notifications",
        "dead_letters_topic": "stripe.capital.dead-letters",
        "consumer_group": "capital-worker",
        "database_schema": "capital",
        "ingress_host": "127.0.0.1",
        "ingress_port": 8080,
        "health_port": 8081,
        "order_grace_seconds": 60,
        "gate_grace_seconds": 900,
        "lookup_backoff_seconds": 2,
        "lookup_attempts": 8,
        "discount_schedule_seconds": (60, 600, 3_600, 21_600, 86_400, 259_200, 604_800),
        "topic_partitions": 24,
        "topic_replication": 3,
    }
    assert {name: getattr(settings, name) for name in expected} == expected


def test_a_role_requires_only_what_it_uses() -> None:
    load("ingress", {key: MINIMAL[key] for key in MINIMAL if "DATABASE" not in key})
    load("migrate", {key: MINIMAL[key] for key in MINIMAL if "DATABASE" in key})


def test_every_problem_is_named_at_once() -> None:
    found = problems({"CAPITAL_TYPO": "1", "CAPITAL_TOPIC_PARTITIONS": "none", "CAPITAL_KAFKA_BOOTSTRAP": "k:1"})
    assert len(found) == 4
    for name in ("CAPITAL_TYPO", "CAPITAL_TOPIC_PARTITIONS", "CAPITAL_DATABASE_URL", "CAPITAL_WEBHOOK_SECRETS"):
        assert [line for line in found if line.startswith(name)], name


def test_a_secret_is_read_from_a_file_and_stripped(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("whsec_filed\n")
    environ = MINIMAL | {"CAPITAL_WEBHOOK_SECRETS_FILE": str(secret)}
    del environ["CAPITAL_WEBHOOK_SECRETS"]
    assert load("serve", environ).webhook_secrets == ("whsec_filed",)


def test_a_secret_given_twice_or_in_a_missing_file_is_named_once(tmp_path: Path) -> None:
    twice = problems(MINIMAL | {"CAPITAL_DATABASE_URL_FILE": str(tmp_path)})
    assert twice == ["CAPITAL_DATABASE_URL_FILE and CAPITAL_DATABASE_URL are both set: choose one"]
    environ = {key: MINIMAL[key] for key in MINIMAL if "DATABASE" not in key}
    missing = problems(environ | {"CAPITAL_DATABASE_URL_FILE": str(tmp_path / "none")})
    assert missing == ["CAPITAL_DATABASE_URL_FILE: cannot be read (FileNotFoundError)"]


def test_only_secrets_may_come_from_files(tmp_path: Path) -> None:
    assert problems(MINIMAL | {"CAPITAL_EVENTS_TOPIC_FILE": str(tmp_path)}) == [
        "CAPITAL_EVENTS_TOPIC_FILE: unknown setting"
    ]


def test_contradictions_are_refused_together() -> None:
    found = problems(
        MINIMAL
        | {
            "CAPITAL_NOTIFICATIONS_TOPIC": "stripe.capital.events",
            "CAPITAL_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "CAPITAL_STRIPE_API_KEY": "sk_test_1,rk_test_2",
        }
    )
    assert len(found) == 1
    for part in ("three different names", "CAPITAL_KAFKA_SASL_USERNAME", "at most one key per mode"):
        assert part in found[0]


def test_seconds_may_be_fractions_and_zero_but_not_negative() -> None:
    assert load("serve", MINIMAL | {"CAPITAL_ORDER_GRACE_SECONDS": "0.25"}).order_grace_seconds == 0.25
    assert load("serve", MINIMAL | {"CAPITAL_GATE_GRACE_SECONDS": "0"}).gate_grace_seconds == 0
    assert load("serve", MINIMAL | {"CAPITAL_DISCOUNT_SCHEDULE_SECONDS": "0.1,1"}).discount_schedule_seconds == (0.1, 1)
    assert len(problems(MINIMAL | {"CAPITAL_GATE_GRACE_SECONDS": "-1"})) == 1


def test_a_problem_never_shows_a_secret() -> None:
    shown = "\n".join(problems(MINIMAL | {"CAPITAL_STRIPE_API_KEY": "sk_secret_without_mode"}))
    assert "sk_secret_without_mode" not in shown


def test_a_required_secret_whose_file_is_empty_is_missing(tmp_path: Path) -> None:
    empty = tmp_path / "secrets"
    empty.write_text("\n")
    given = {"CAPITAL_KAFKA_BOOTSTRAP": "localhost:9092", "CAPITAL_WEBHOOK_SECRETS_FILE": str(empty)}
    assert problems(given, "ingress") == ["CAPITAL_WEBHOOK_SECRETS: required by `ingress`"]
