"""The name of a Kafka cluster, kept beside its data; never changed, since no node joins under another."""

import base64
import uuid
from pathlib import Path


def cluster_id(folder: Path) -> str:
    """The id of the cluster in `folder`, chosen at random the first time: 16 bytes in base64 for URLs, unpadded."""
    kept = folder / "cluster-id"
    if not kept.exists():
        kept.write_text(_chosen())
    return kept.read_text()


def _chosen() -> str:
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        continue  # a command line would take it for an option
    return name
