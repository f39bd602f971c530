"""Metrics: the closed list of what is counted, each with its meaning and unit; never a label an outsider can grow.

Every label value but a partition's number is named here and stands at zero from the beginning: a counter that
appears only with its first event hides that event from every rate and every alert.
"""

from collections.abc import Sequence
from importlib.metadata import version
from itertools import chain
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

Metric = TypeVar("Metric", Counter, Gauge)

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

# What each label may say; `partition` is bounded by the topic.
LABELS: Final = {
    "ingress_outcome": (
        "accepted",
        "ignored",
        "unsigned",
        "wrong_signature",
        "stale_signature",
        "unreadable",
        "too_large",
        "too_slow",
        "overloaded",
        "unavailable",
        "wrong_method",
        "abandoned",
        "failed",
    ),
    "record_outcome": (
        "applied",
        "foreign",
        "unattributable",
        "misrouted",
        "quarantined",
        "parked",
        "commanded",
        "rebuilt",
        "refused",
        "left_out",
    ),
    "lookup_outcome": ("answered", "retried", "given_up"),
    "restart_reason": ("fenced", "unavailable", "braked", "misplaced"),
    "destination": ("notifications", "dead_letters", "events"),
    "gate": ("G1", "G2", "G3", "G4"),
}

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


def _metric(kind: type[Metric], name: str, meaning: str, **label: Sequence[str]) -> Metric:
    """A metric with one label at most, and the values that it may have."""
    metric = kind(name, meaning, tuple(label), registry=REGISTRY)
    for value in chain(*label.values()):
        metric.labels(value)
    return metric


def _histogram(name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
    return Histogram(name, meaning, registry=REGISTRY, buckets=buckets)


BUILD_INFO: Final = Gauge("capital_build_info", "Always 1; which release runs.", ["version"], registry=REGISTRY)
BUILD_INFO.labels(version("capital-worker")).set(1)
LOOP_LAG_SECONDS: Final = _histogram(
    "capital_loop_lag_seconds", "Seconds the event loop woke too late, looked at twice a second.", _SLOW
)

INGRESS_REQUESTS: Final = _metric(
    Counter,
    "capital_ingress_requests",
    "Requests to the webhook endpoint, by outcome.",
    outcome=LABELS["ingress_outcome"],
)
INGRESS_SECONDS: Final = _histogram(
    "capital_ingress_seconds", "Seconds from a webhook's last byte to the answer.", _FAST
)

PARTITIONS: Final = _metric(Gauge, "capital_partitions", "Partitions of the events topic, 0 where no lanes are kept.")
LANES: Final = _metric(Gauge, "capital_lanes", "Lanes at work in this process.")
LANE_RESTARTS: Final = _metric(
    Counter, "capital_lane_restarts", "Lanes that ended in trouble, by reason.", reason=LABELS["restart_reason"]
)
LANE_LAG_RECORDS: Final = Gauge(
    "capital_lane_lag_records", "Records that a lane has yet to take.", ["partition"], registry=REGISTRY
)
LANE_LAG_SECONDS: Final = Gauge(
    "capital_lane_lag_seconds",
    "Age in seconds of the oldest record of the last batch at its commit, 0 while nothing waits.",
    ["partition"],
    registry=REGISTRY,
)
RECORDS: Final = _metric(
    Counter, "capital_records", "Records taken from the events topic, by outcome.", outcome=LABELS["record_outcome"]
)
BATCH_RECORDS: Final = _histogram(
    "capital_batch_records", "Records in one lane transaction.", (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)
)
BATCH_SECONDS: Final = _histogram("capital_batch_seconds", "Seconds from taking a batch to its commit.", _SLOW)

PUBLISHED: Final = _metric(
    Counter, "capital_published", "Outbox entries published, by destination.", destination=LABELS["destination"]
)
UNPUBLISHED: Final = _metric(Gauge, "capital_unpublished", "Outbox entries committed here and not yet published.")
PUBLISH_SECONDS: Final = _histogram(
    "capital_publish_seconds", "Seconds from a batch's commit to the publication of its entries.", _SLOW
)
END_TO_END_SECONDS: Final = _histogram(
    "capital_end_to_end_seconds", "Seconds from a record's append to the publication of what it released.", _SLOW
)

LOOKUPS: Final = _metric(
    Counter, "capital_lookups", "Questions put to Stripe, by outcome.", outcome=LABELS["lookup_outcome"]
)

# The census: what the whole system's tables say, the same in every process that takes it.
LOOKUPS_DUE: Final = _metric(Gauge, "capital_lookups_due", "Questions for Stripe that could be asked now.")
LOOKUPS_DUE_OLDEST_SECONDS: Final = _metric(
    Gauge, "capital_lookups_due_oldest_seconds", "Seconds since the first of them could be asked, 0 where none is due."
)
LOOKUPS_FAILING: Final = _metric(
    Gauge, "capital_lookups_failing", "Questions asked more than once and not answered yet."
)
HELD_MILESTONES: Final = _metric(
    Gauge, "capital_held_milestones", "Milestones that are known and wait, by gate.", gate=LABELS["gate"]
)
HELD_OLDEST_SECONDS: Final = _metric(
    Gauge,
    "capital_held_oldest_seconds",
    "Seconds the oldest of them has waited, by gate, 0 where none waits.",
    gate=LABELS["gate"],
)
QUARANTINED_ACCOUNTS: Final = _metric(
    Gauge, "capital_quarantined_accounts", "Accounts that wait behind a record that cannot be applied."
)
QUARANTINED_OLDEST_SECONDS: Final = _metric(
    Gauge,
    "capital_quarantined_oldest_seconds",
    "Seconds since the oldest such record was appended, 0 where there is none.",
)
CENSUS_TIMESTAMP_SECONDS: Final = _metric(
    Gauge,
    "capital_census_timestamp_seconds",
    "When the tables were last counted, in seconds since the epoch; 0 for never.",
)
