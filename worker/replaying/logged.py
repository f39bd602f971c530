"""The event log as a source: one partition's records in order, as far as the tables kept what lay on the topic."""

from collections.abc import Sequence

from worker.consumer.letters import enclosed
from worker.ports import Record
from worker.replaying.opening import Replay
from worker.store.event_reader import EventReader


class PartitionLog:
    """One partition of the event log (see `worker.replay.span_source.Log`)."""

    def __init__(self, replay: Replay, partition: int) -> None:
        self._reader = EventReader(replay.shadow, replay.settings.database_schema, replay.schema)
        self._partition = partition

    async def read(self, start: int, before: int, most: int) -> Sequence[Record]:
        """Up to `most` records from an offset on, before another; none at the end. Raises Unavailable."""
        return [
            logged.record if logged.copied_to is None else enclosed(logged.record, logged.copied_to)
            for logged in await self._reader.read(self._partition, start, before, most)
        ]
