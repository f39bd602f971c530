"""Deciding a batch: what its records need is loaded, then they are decided in order; it commits nothing."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from types import MappingProxyType
from typing import Final

from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.history import History
from worker.consumer.hot import HotAccounts
from worker.consumer.reading import Reading, Rebuilding, commanded, owner_of, read, wanted
from worker.consumer.rebuilding import Past
from worker.ports import Batch, Ledger, Position, Record

NOTHING: Final[Mapping[int, str]] = MappingProxyType({})


class Decider:
    """One lane's way from records to their changes; it keeps in memory what was committed last."""

    def __init__(self, ledger: Ledger, circumstances: Circumstances) -> None:
        self._ledger = ledger
        self._circumstances = circumstances
        self._hot = HotAccounts(circumstances.most_offers)

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
        pasts = await self._pasts(before.partition, readings)
        known = Known(self._hot.with_loaded(wants, loaded), parked, refused, pasts)
        deliberation = Deliberation(before, known, self._circumstances)
        for reading in readings:
            deliberation.take(reading)
        return deliberation

    async def _pasts(self, partition: int, readings: Sequence[Reading]) -> Mapping[int, Past | None]:
        """For each command to rebuild an account: what its records make of it, up to the command."""
        return {
            reading.record.offset: await self._past(partition, reading, readings)
            for reading in readings
            if isinstance(reading, Rebuilding)
        }

    async def _past(self, partition: int, command: Rebuilding, readings: Sequence[Reading]) -> Past | None:
        key, first = command.attributed.key, readings[0].record.offset
        history = History(key, partition, self._circumstances)
        async with aclosing(self._ledger.history([key], partition, first)) as records:
            async for _, record in records:
                history.take(record)
                if history.too_long:
                    return None
        for reading in readings:
            if reading.record.offset < command.record.offset and owner_of(reading) == key:
                history.take(reading.record)
        return history.past()

    def keep(self, batch: Batch) -> None:
        """A batch was committed."""
        self._hot.keep(after for _, after in batch.accounts)
