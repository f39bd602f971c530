"""What import-linter cannot say: rules import the standard library alone, whatever else is installed."""

import ast
import sys
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "worker" / "rules"


@pytest.mark.parametrize("module", sorted(RULES.glob("*.py")), ids=lambda path: path.name)
def test_rules_import_only_themselves_and_the_standard_library(module: Path) -> None:
    tree = ast.parse(module.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {
        name
        for name in names
        if not name.startswith("worker.rules") and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()


@pytest.mark.parametrize("module", sorted(RULES.glob("*.py")), ids=lambda path: path.name)
def test_rules_read_no_clock_and_do_no_io(module: Path) -> None:
    forbidden = {"time", "datetime", "asyncio", "random", "os", "io", "socket", "pathlib", "uuid", "secrets"}
    tree = ast.parse(module.read_text())
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names & forbidden == set()
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Await | ast.AsyncFunctionDef)]
