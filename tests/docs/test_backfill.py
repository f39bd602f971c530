"""Every command that the page on catching up shows is one that the command line takes."""

import re
from pathlib import Path

import pytest

from worker.cli.commands import _parser

PAGE = (Path(__file__).parents[2] / "docs" / "backfill.md").read_text(encoding="utf-8")
SHOWN = sorted(set(re.findall(r"^\$ capital-worker (.+)$", PAGE, flags=re.MULTILINE)))


@pytest.mark.parametrize("command", SHOWN)
def test_every_command_shown_is_taken(command: str) -> None:
    assert _parser().parse_args(command.split()).command == command.partition(" ")[0]


@pytest.mark.parametrize("command", ["backfill", "reconcile"])
def test_every_option_of_a_command_is_in_its_usage(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    usage = next(line for line in PAGE.splitlines() if line.startswith(f"capital-worker {command} "))
    with pytest.raises(SystemExit):
        _parser().parse_args([command, "--help"])
    offered = set(re.findall(r"(?<!\S)--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert offered == set(re.findall(r"--[a-z]+", usage))
