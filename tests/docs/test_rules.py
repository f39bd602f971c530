"""What docs/rules.md says in figures and lists is what the rules do."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from worker.rules.policies import COUNTRIES, CURRENCIES
from worker.rules.state import Gate
from worker.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
WORDS = {"pay-down": "paydown", "stacked": "stacked"}


def table(first: str) -> Mapping[str, Sequence[str]]:
    """The rows from the one that begins with `first` on, by their first cell."""
    lines = PAGE[PAGE.index(f"\n| {first} |") + 1 :].split("\n\n")[0].splitlines()
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return {name: rest for name, *rest in cells}


def test_countries_and_currencies_have_the_policies_that_are_written() -> None:
    written = {WORDS[name]: cells for name, cells in table("pay-down").items() if name in WORDS}
    for policy, (countries, currencies) in written.items():
        assert countries.split(", ") == [code for code, one in COUNTRIES.items() if one.policy == policy]
        assert currencies.split(", ") == [code for code, one in CURRENCIES.items() if one == policy]


def test_every_gate_is_written_with_the_grace_it_has() -> None:
    graces = {name: cells[-1] for name, cells in table("G1").items()}
    settings = Settings()
    order, gate = f"{settings.order_grace_seconds:g} s", f"{settings.gate_grace_seconds:g} s"
    assert graces == {"G1": order, "G2": gate, "G3": gate, "G4": "at once"}
    assert list(graces) == list(get_args(Gate))


def test_the_schedule_of_the_discount_is_the_setting() -> None:
    written = re.search(r"end on, after ([\d, and]+) seconds", " ".join(PAGE.split()))
    assert written
    asked = [int(number) for number in re.findall(r"\d+", written[1])]
    assert tuple(asked) == Settings().discount_schedule_seconds
