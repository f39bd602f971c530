"""Every query of the alerts and the dashboard finds what it asks for in what a running system says of itself."""

import re
from collections.abc import Mapping, Sequence

from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.queries import OF_TARGETS, Selector, alerts, grouped, panels, selectors
from tests.journeys.child import READY_SECONDS, Child
from tests.journeys.system import System

QUERIES = [*((rule["alert"], rule["expr"]) for rule in alerts()), *panels()]
Series = Mapping[str, Sequence[Mapping[str, str]]]


async def scraped(child: Child) -> Series:
    found: dict[str, list[Mapping[str, str]]] = {}
    for family in text_string_to_metric_families(await child.page("/metrics") or ""):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def missing(series: Series, selector: Selector) -> Sequence[str]:
    """What one selector names that no series has: the metric, a label, or one of a pattern's words."""
    name, matchers = selector
    if name not in series:
        return [name]
    return [
        f"{name}{{{label}={word!r}}}"
        for label, value in matchers
        if label not in OF_TARGETS
        for word in value.split("|")
        if not any(re.fullmatch(word, labels.get(label, "")) for labels in series[name])
    ]


async def _fetched(child: Child) -> bool:
    return "capital_lane_lag_records" in await scraped(child)


async def test_every_query_finds_its_series_and_labels_in_a_running_system(system: System) -> None:
    await system.prepare()
    child = await system.serve()
    # A lane says how much it has yet to take once it has fetched for the first time.
    await child.until(lambda: _fetched(child), "seen to fetch", READY_SECONDS)
    series = await scraped(child)
    for title, query in QUERIES:
        for selector in selectors(query):
            assert missing(series, selector) == [], title
            labels = {label for labels in series[selector[0]] for label in labels}
            assert grouped(query) - OF_TARGETS <= labels, title
