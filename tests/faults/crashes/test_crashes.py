import sys

import pytest

from tests.contract import fakes
from tests.faults.crashes.search import Scope, Search
from tests.faults.crashes.stage import Cast
from worker.ports import Batch


class Unfenced(fakes.Ledger):
    """Commits for whoever asks, from wherever."""

    def _commit(self, batch: Batch) -> None:
        self._tables.positions[batch.before.partition] = batch.before
        super()._commit(batch)


class Unmarked(fakes.Publisher):
    """Says that nothing has been published yet."""

    async def open(self) -> int | None:
        await super().open()
        return 0


class Unsettled(fakes.Publisher):
    """Leaves open what an earlier owner has begun, and lets that owner go on."""

    async def open(self) -> int | None:
        self._epoch = 0
        return self._broker.markers.get(self._partition)


def test_an_owner_ended_at_any_step_and_replaced_leaves_what_an_undisturbed_one_leaves() -> None:
    findings = Search(Scope(), Cast()).run()
    sys.stdout.write(findings.table())
    assert findings.problems == []
    assert findings.points > 100


@pytest.mark.parametrize(
    "broken",
    [Cast(ledger=Unfenced), Cast(publisher=Unmarked), Cast(publisher=Unsettled)],
    ids=["fence", "marker", "settling"],
)
def test_a_search_among_parts_that_lack_a_safeguard_finds_what_it_was_for(broken: Cast) -> None:
    findings = Search(Scope(pairs=15), broken).run()
    sys.stdout.write(findings.table())
    assert findings.problems
