"""Metrics: the closed list of what is counted, each with its meaning and unit; never a label an outsider can grow."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()

INGRESS_REQUESTS: Final = Counter(
    "capital_ingress_requests",
    "Requests to the webhook endpoint by outcome.",
    ["outcome"],
    registry=REGISTRY,
)
INGRESS_SECONDS: Final = Histogram(
    "capital_ingress_seconds",
    "Seconds from a webhook's last byte to the answer.",
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
RECORDS: Final = Counter(
    "capital_records",
    "Records taken from the events topic by what became of them.",
    ["outcome"],
    registry=REGISTRY,
)
BATCH_RECORDS: Final = Histogram(
    "capital_batch_records",
    "Records in one lane transaction.",
    registry=REGISTRY,
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500),
)
BATCH_SECONDS: Final = Histogram(
    "capital_batch_seconds",
    "Seconds from taking a batch to its commit.",
    registry=REGISTRY,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
LOOKUPS: Final = Counter("capital_lookups", "Questions put to Stripe, by outcome.", ["outcome"], registry=REGISTRY)
LANES: Final = Gauge("capital_lanes", "Lanes owned by this process.", registry=REGISTRY)
LANE_RESTARTS: Final = Counter(
    "capital_lane_restarts",
    "Lanes that ended and were begun again, by reason.",
    ["reason"],
    registry=REGISTRY,
)
PUBLISHED: Final = Counter(
    "capital_published", "Outbox entries published, by destination.", ["destination"], registry=REGISTRY
)
UNPUBLISHED: Final = Gauge(
    "capital_unpublished", "Outbox entries committed here and not yet published.", registry=REGISTRY
)
END_TO_END_SECONDS: Final = Histogram(
    "capital_end_to_end_seconds",
    "Seconds from a record's append to the publication of what it released.",
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
LOOP_LAG_SECONDS: Final = Gauge(
    "capital_loop_lag_seconds", "Seconds the event loop last woke too late.", registry=REGISTRY
)
