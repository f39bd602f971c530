"""Deciding a batch: what its records need is loaded, then they are decided in order; it commits nothing."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.hot import HotAccounts
from worker.consumer.reading import commanded, read, wanted
from worker.ports import Batch, Ledger, Position, Record

NOTHING: Final[Mapping[int, str]] = MappingProxyType({})


class Decider:
    """One lane's way from records to their changes; it keeps in memory what was committed last."""

    def __init__(self, ledger: Ledger, circumstances: Circumstances) -> None:
        self._ledger = ledger
        self._circumstances = circumstances
        self._hot = HotAccounts()

    async def decide(
        self, before: Position, records: Sequence[Record], refused: Mapping[int, str] = NOTHING
    ) -> Deliberation:
        """What records change; `refused` are the offsets of those that the database will not take, and why."""
        readings = [read(record) for record in records]
        commands = commanded(readings)
        parked = await self._ledger.parked(commands) if commands else {}
        waiting = [read(record.record) for behind in parked.values() for record in behind]
        wants = wanted([*readings, *waiting])
        loaded = await self._ledger.load(self._hot.missing(wants))
        known = Known(self._hot.with_loaded(wants, loaded), parked, refused)
        deliberation = Deliberation(before, known, self._circumstances)
        for reading in readings:
            deliberation.take(reading)
        return deliberation

    def keep(self, batch: Batch) -> None:
        """A batch was committed."""
        self._hot.keep(after for _, after in batch.accounts)
