"""A role of the worker with one thing altered: a safeguard taken away, or a wait made shorter; for fault runs only.

`python -m tests.faults.altered ALTERATION ROLE`. What a run proves, it proves by failing once a safeguard is gone.
"""

import sys
from collections.abc import Callable, Mapping

from worker.__main__ import main
from worker.consumer.hot import HotAccounts
from worker.lookup import resolver
from worker.store import ledger
from worker.topic import publisher
from worker.topic.cluster import Cluster

# A killed lookup process keeps its questions for two minutes: longer than all the rest of a short run.
LEASE_SECONDS = 10
# For each lane, of which an owner has a few.
HOT_OFFERS = 50

UNFENCED = """
UPDATE cursor SET next_offset = $4, next_number = $5, last_offset = $6, last_digest = $7
WHERE partition = $1 AND $2::bigint IS NOT NULL AND $3::bigint IS NOT NULL
"""


def without_the_fence() -> None:
    """The cursor moves for whoever asks, from wherever."""
    ledger.ADVANCE = UNFENCED


def without_the_marker() -> None:
    """A lane takes everything for unpublished."""

    async def beginning(cluster: Cluster, group: str, where: object) -> int | None:
        return 0

    publisher.read_marker = beginning  # type: ignore[attr-defined] # the import is what is altered


def with_short_leases() -> None:
    """A question of a dead process is another's for the taking soon."""
    resolver.LEASE_SECONDS = LEASE_SECONDS  # type: ignore[misc] # the constant is what is altered


def with_few_hot_accounts() -> None:
    """What lanes keep in memory is full within minutes, so that what grows afterwards grows for ever."""
    HotAccounts.__init__.__defaults__ = (HOT_OFFERS,)


ALTERATIONS: Mapping[str, Callable[[], None]] = {
    "fence": without_the_fence,
    "marker": without_the_marker,
    "lease": with_short_leases,
    "hot": with_few_hot_accounts,
}

if __name__ == "__main__":
    ALTERATIONS[sys.argv.pop(1)]()
    main()
