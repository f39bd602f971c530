"""The alert rules and the dashboard as they lie in the tree, and what their queries ask for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import promql_parser
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes" / "components" / "prometheus"
# What Grafana puts in before it asks.
VARIABLES = {"$__rate_interval": "1m", "$namespace": ".*"}

# Labels that Prometheus adds to whatever it scrapes.
OF_TARGETS = frozenset({"namespace", "pod", "instance"})

# A metric's name and its matchers: label and value, which may be a pattern.
Selector = tuple[str, tuple[tuple[str, str], ...]]


def alerts() -> Sequence[Mapping[str, Any]]:
    """Every rule, in its order."""
    document = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def panels() -> Sequence[tuple[str, str]]:
    """Every query of the dashboard, with its panel's title, as Grafana would ask it."""
    document = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    queries = [(panel["title"], target["expr"]) for panel in document["panels"] for target in panel.get("targets", ())]
    return [(title, _filled(query)) for title, query in queries]


def _filled(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query


def selectors(query: str) -> Sequence[Selector]:
    """Everything the query selects. Raises ValueError where it is no PromQL."""
    found: list[Selector] = []

    def visit(expression: promql_parser.Expr) -> None:
        if isinstance(expression, promql_parser.VectorSelector):
            matchers = tuple((one.name, one.value) for one in expression.matchers.matchers)
            found.append((expression.name or "", matchers))

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


def grouped(query: str) -> frozenset[str]:
    """Every label by which the query groups."""
    found: list[str] = []

    def visit(expression: promql_parser.Expr) -> None:
        if isinstance(expression, promql_parser.AggregateExpr) and expression.modifier is not None:
            found.extend(expression.modifier.labels)

    promql_parser.walk(promql_parser.parse(query), visit)
    return frozenset(found)
