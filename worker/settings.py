"""Settings: read once from the environment, checked together, every problem named at once; never defaults a secret."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

PREFIX = "CAPITAL_"
SECRETS = frozenset({"webhook_secrets", "stripe_api_key", "database_url", "kafka_sasl_password"})

Role = Literal[
    "ingress",
    "consume",
    "lookup",
    "serve",
    "migrate",
    "topics",
    "show",
    "simulate",
    "parked",
    "redrive",
    "replay",
    "backfill",
    "reconcile",
]

REQUIRED: Mapping[Role, tuple[str, ...]] = {
    "ingress": ("kafka_bootstrap", "webhook_secrets"),
    "consume": ("kafka_bootstrap", "database_url"),
    "lookup": ("kafka_bootstrap", "database_url"),
    "serve": ("kafka_bootstrap", "database_url", "webhook_secrets"),
    "migrate": ("database_url",),
    "topics": ("kafka_bootstrap",),
    "show": ("database_url",),
    "simulate": ("webhook_secrets",),
    "parked": ("database_url",),
    "replay": ("database_url", "kafka_bootstrap"),
    "redrive": ("database_url", "kafka_bootstrap"),
    "backfill": ("database_url", "kafka_bootstrap", "stripe_api_key"),
    "reconcile": ("database_url", "kafka_bootstrap", "stripe_api_key"),
}


class SettingsError(Exception):
    """The environment does not describe a system that can run; carries one line for each problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("settings:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


Listed = BeforeValidator(_split)
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseModel):
    """Everything the environment may say. Seconds are seconds, fractions included."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kafka_bootstrap: str = ""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: str = ""
    kafka_ca_file: str = ""

    database_url: str = ""
    database_schema: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "capital"

    webhook_secrets: Annotated[tuple[str, ...], Listed] = ()
    stripe_api_key: Annotated[tuple[str, ...], Listed] = ()
    stripe_api_base: str = "https://api.stripe.com"

    events_topic: TopicName = "stripe.capital.events"
    notifications_topic: TopicName = "capital.notifications"
    dead_letters_topic: TopicName = "stripe.capital.dead-letters"
    consumer_group: Annotated[str, Field(min_length=1)] = "capital-worker"
    group_instance_id: str = ""
    topic_partitions: Annotated[int, Field(ge=1, le=1000)] = 24
    topic_replication: Annotated[int, Field(ge=1, le=9)] = 3
    events_retention_hours: Annotated[int, Field(ge=1)] = 720
    notifications_retention_hours: Annotated[int, Field(ge=1)] = 720

    ingress_host: str = "127.0.0.1"
    ingress_port: Port = 8080
    ingress_connections: Annotated[int, Field(ge=1)] = 1000
    health_host: str = "127.0.0.1"
    health_port: Port = 8081

    order_grace_seconds: Seconds = 60
    gate_grace_seconds: Seconds = 900
    lookup_backoff_seconds: Seconds = 2
    lookup_concurrency: Annotated[int, Field(ge=1, le=100)] = 8
    lookup_requests_per_second: Annotated[float, Field(gt=0, le=100)] = 20
    lookup_attempts: Annotated[int, Field(ge=1)] = 8
    discount_schedule_seconds: Annotated[tuple[Seconds, ...], Listed] = (
        60,
        600,
        3_600,
        21_600,
        86_400,
        259_200,
        604_800,
    )

    batch_size: Annotated[int, Field(ge=1, le=10_000)] = 500
    brake_count: Annotated[int, Field(ge=1)] = 20
    brake_ratio: Annotated[float, Field(ge=0, le=1)] = 0.05
    brake_window_seconds: Annotated[float, Field(gt=0)] = 300
    session_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10
    drain_seconds: Annotated[float, Field(gt=0)] = 20
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse settings that contradict one another, all contradictions in one message."""
        problems = [problem for problem in (_topics(self), _sasl(self), _keys(self)) if problem]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _topics(settings: Settings) -> str:
    names = (settings.events_topic, settings.notifications_topic, settings.dead_letters_topic)
    if len(set(names)) < len(names):
        return "the events, notifications and dead-letters topics must have three different names"
    return ""


def _sasl(settings: Settings) -> str:
    if not settings.kafka_security_protocol.startswith("SASL"):
        return ""
    if settings.kafka_sasl_username and settings.kafka_sasl_password:
        return ""
    return "CAPITAL_KAFKA_SECURITY_PROTOCOL asks for SASL: set CAPITAL_KAFKA_SASL_USERNAME and …_PASSWORD"


def key_mode(key: str) -> Literal["live", "test"] | None:
    """The mode a Stripe API key belongs to, by its prefix (`sk_live_…`, `rk_test_…`)."""
    if "_live_" in key[:9]:
        return "live"
    return "test" if "_test_" in key[:9] else None


def _keys(settings: Settings) -> str:
    modes = [key_mode(key) for key in settings.stripe_api_key]
    if None in modes:
        return "CAPITAL_STRIPE_API_KEY: a key without _live_ or _test_ in its prefix has no mode"
    if len(set(modes)) < len(modes):
        return "CAPITAL_STRIPE_API_KEY: at most one key per mode"
    return ""


def load(role: Role, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of one role, from `environ` (the process's own by default).

    Raises SettingsError naming every unknown, unreadable, invalid, contradictory and missing setting.
    """
    given, problems = _read(os.environ if environ is None else environ)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        invalid = [_line(detail) for detail in error.errors()]
        raise SettingsError(problems + invalid + _missing(role, given, problems)) from None
    problems += _missing(role, given, problems)
    if problems:
        raise SettingsError(problems)
    return settings


def secret_files(environ: Mapping[str, str]) -> Mapping[str, Path]:
    """The files that secrets come from, by the field they are for."""
    named = {name: f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    return {name: Path(environ[variable]) for name, variable in sorted(named.items()) if variable in environ}


def _read(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The values given, by field name, and what is wrong with the names and files."""
    given: dict[str, str] = {}
    problems: list[str] = []
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        field = name.removeprefix(PREFIX).lower()
        plain = field.removesuffix("_file")
        if field in Settings.model_fields:
            given[field] = environ[name]
        elif field == f"{plain}_file" and plain in SECRETS:
            problems += _from_file(name, plain, environ, given)
        else:
            problems.append(f"{name}: unknown setting")
    return given, problems


def _from_file(name: str, field: str, environ: Mapping[str, str], given: dict[str, str]) -> list[str]:
    if PREFIX + field.upper() in environ:
        return [f"{name} and {PREFIX}{field.upper()} are both set: choose one"]
    try:
        given[field] = Path(environ[name]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return [f"{name}: cannot be read ({type(error).__name__})"]
    return []


def _missing(role: Role, given: Mapping[str, str], problems: Sequence[str]) -> list[str]:
    """What the role requires and has not; what is present but unreadable is not named a second time."""
    names = [f"{PREFIX}{field.upper()}" for field in REQUIRED[role] if not given.get(field, "").strip(" ,")]
    return [
        f"{name}: required by `{role}`"
        for name in names
        if not any(problem.startswith(f"{name}_FILE") for problem in problems)
    ]


def _line(detail: Any) -> str:  # noqa: ANN401 - pydantic's own error dictionary
    where = ".".join(str(part) for part in detail["loc"][:1])
    message = detail["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{where.upper()}: {message}" if where else message


def roles() -> tuple[Role, ...]:
    """Every role that reads settings."""
    return get_args(Role)
