"""Real Kafka and Postgres for development, tests and benchmarks; never imported by a stage, never in production.

Nothing but the Python packages of the extra `embedded` is needed: no containers, no installed Java, no root.
"""

from worker.embedded.folder import temporary_folder
from worker.embedded.kafka import Kafka
from worker.embedded.postgres import Postgres

__all__ = ["Kafka", "Postgres", "temporary_folder"]
