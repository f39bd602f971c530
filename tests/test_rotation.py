from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from worker.rotation import Rotation
from worker.settings import Settings, load


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    secrets = tmp_path / "secrets"
    secrets.write_text("whsec_old\n")
    return {"CAPITAL_KAFKA_BOOTSTRAP": "localhost:9092", "CAPITAL_WEBHOOK_SECRETS_FILE": str(secrets)}


@pytest.fixture
def secrets(environ: Mapping[str, str]) -> Path:
    return Path(environ["CAPITAL_WEBHOOK_SECRETS_FILE"])


@pytest.fixture
def rotation(environ: Mapping[str, str]) -> Rotation:
    return Rotation("ingress", load("ingress", environ), environ)


def test_a_secret_whose_file_changed_is_taken_and_its_name_alone_is_logged(rotation: Rotation, secrets: Path) -> None:
    taken: list[Settings] = []
    rotation.follow(taken.append)
    secrets.write_text("whsec_new,whsec_old")
    with capture_logs() as logs:
        rotation.look()
    assert rotation.settings.webhook_secrets == ("whsec_new", "whsec_old")
    assert taken == [rotation.settings]
    assert logs == [{"event": "secrets.taken", "log_level": "info", "settings": ["webhook_secrets"]}]


def test_a_file_that_did_not_change_is_not_taken_again(rotation: Rotation) -> None:
    taken: list[Settings] = []
    rotation.follow(taken.append)
    rotation.look()
    assert taken == []


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("")], ids=["gone", "empty"])
def test_a_secret_that_is_gone_stays_in_use_and_is_complained_of_once(
    rotation: Rotation, secrets: Path, spoil: object
) -> None:
    assert callable(spoil)
    spoil(secrets)
    with capture_logs() as logs:
        rotation.look()
        rotation.look()
    assert rotation.settings.webhook_secrets == ("whsec_old",)
    assert [line["event"] for line in logs] == ["secrets.refused"]


def test_a_secret_that_cannot_be_used_is_refused_and_the_next_good_one_taken(rotation: Rotation, secrets: Path) -> None:
    def take(settings: Settings) -> None:
        if "whsec_bad" in settings.webhook_secrets:
            raise ValueError("not this one")

    rotation.follow(take)
    secrets.write_text("whsec_bad")
    with capture_logs() as logs:
        rotation.look()
    assert rotation.settings.webhook_secrets == ("whsec_old",)
    assert "whsec_bad" not in str(logs)
    secrets.write_text("whsec_good")
    rotation.look()
    assert rotation.settings.webhook_secrets == ("whsec_good",)
