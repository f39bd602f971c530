"""The list of metrics is closed: what the code counts, what the list names and what the page explains are the same."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import get_args

from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

from worker import metrics
from worker.consumer.keeper import Ending
from worker.consumer.reading import Outcome as RecordOutcome
from worker.ingress.answers import Outcome as IngressOutcome
from worker.ports import Destination
from worker.rules.state import Gate

ROOT = Path(__file__).parents[1]
OURS = [family for family in metrics.REGISTRY.collect() if family.name.startswith("capital_")]
UNITS = ("_seconds", "_records", "_info")
# Counts of things that are named by the metric itself.
COUNTS = {
    "partitions",
    "lanes",
    "unpublished",
    "lookups_due",
    "lookups_failing",
    "held_milestones",
    "quarantined_accounts",
}
LISTED = {name: value for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)}
MODULES = [path for path in (ROOT / "worker").rglob("*.py") if path.name != "metrics.py"]


def exposed(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def labels_of(family: Metric) -> list[str]:
    found = next(metric for metric in LISTED.values() if metric._name == family.name)
    return list(found._labelnames)


def nodes() -> Iterator[ast.AST]:
    return chain.from_iterable(ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES)


def used() -> Iterator[str]:
    """Every name of the list that a module of the worker mentions."""
    for node in nodes():
        match node:
            case ast.Attribute(value=ast.Name(id="metrics"), attr=name):
                yield name
            case ast.ImportFrom(module="worker.metrics", names=names):
                yield from (alias.name for alias in names)
            case _:
                pass


def said(metric: str) -> set[str]:
    """Every label value that the code writes out for a metric."""
    return {value for node in nodes() for value in _labelled(node, metric)}


def _labelled(node: ast.AST, metric: str) -> Iterator[str]:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="metrics"), attr=name), attr="labels"),
            args=[ast.Constant(value=str(value))],
        ) if name == metric:
            yield value
        case _:
            pass


def test_every_metric_listed_is_used_and_none_besides() -> None:
    # What is the same for the life of the process is set where it is listed.
    assert LISTED.keys() - {"BUILD_INFO"} == set(used()) - {"REGISTRY", "LABELS"}


def test_every_metric_is_explained_on_the_page_for_operators() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(capital_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", page, flags=re.MULTILINE)
    wanted = [
        (exposed(family), family.type, ", ".join(f"`{label}`" for label in labels_of(family)), family.documentation)
        for family in OURS
    ]
    assert rows == wanted, "\n" + "\n".join(f"| `{name}` | {' | '.join(rest)} |" for name, *rest in wanted)


def test_names_end_in_their_unit_and_only_counters_in_total() -> None:
    for family in OURS:
        if family.type != "counter" and family.name.removeprefix("capital_") not in COUNTS:
            assert family.name.endswith(UNITS), family.name
        assert not family.name.endswith("_total")
        assert family.documentation.endswith(".")


def test_labels_say_all_that_the_code_can_say() -> None:
    assert metrics.LABELS["ingress_outcome"] == get_args(IngressOutcome)
    assert metrics.LABELS["record_outcome"] == get_args(RecordOutcome)
    assert metrics.LABELS["destination"] == get_args(Destination)
    assert metrics.LABELS["gate"] == get_args(Gate)
    assert set(metrics.LABELS["lookup_outcome"]) == said("LOOKUPS")
    assert metrics.LABELS["restart_reason"] == get_args(Ending)


def test_every_counter_stands_at_zero_before_its_first_event() -> None:
    for family in OURS:
        if family.type == "counter":
            assert family.samples, family.name


def test_the_release_is_told() -> None:
    assert metrics.REGISTRY.get_sample_value("capital_build_info", {"version": version("capital-worker")}) == 1
