"""What the README says of settings and commands is what the code does."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from worker.cli.commands import run
from worker.settings import SECRETS, Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROWS = {
    name.lower(): (bool(star), default)
    for name, star, default in re.findall(r"^\| `([A-Z_]+)`( \*)? \| (?:`(.*?)`)? \|", README, flags=re.MULTILINE)
}


def written(default: object) -> str:
    if isinstance(default, str):
        return default
    if isinstance(default, Iterable):
        return ",".join(str(part) for part in default)
    return str(default)


def test_every_setting_is_listed_with_its_default() -> None:
    defaults = {name: (name in SECRETS, written(field.default)) for name, field in Settings.model_fields.items()}
    assert defaults == ROWS


@pytest.mark.parametrize("command", re.findall(r"^\| `([a-z-]+)", README, flags=re.MULTILINE))
def test_every_command_listed_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert command in capsys.readouterr().out
