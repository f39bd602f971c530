"""Reading one partition of the events topic from an offset on; no group, no committed offset, no resetting."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from worker import metrics
from worker.ports import Misplaced, Record, Unavailable
from worker.topic.cluster import CALL_SECONDS, Cluster, answered, let_go
from worker.topic.records import record_of

FETCH_BYTES: Final = 2_097_152
# How long nothing may come before it is asked whether there is nothing.
CHECK_SECONDS: Final = 5
FOLLOWING_SECONDS: Final = 5
# What comes sooner was at hand in the client.
AT_HAND_SECONDS: Final = 0.005
FRESH_SECONDS: Final = 0.03
LOOK_SECONDS: Final = 0.25
ADVICE: Final = "see docs/positions.md"


class PartitionSource:
    """One partition, as its lane reads it (see `worker.ports.Source`)."""

    def __init__(self, cluster: Cluster, topic: str, partition: int) -> None:
        self._where = TopicPartition(topic, partition)
        self._checked = monotonic()
        self._behind_at: int | None = None
        self.caught_up = False
        self._consumer = AIOKafkaConsumer(
            **cluster.options,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            # Records that a lane passed on to another partition are written in transactions.
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=500,
        )

    async def open(self) -> None:
        """Reach the cluster. Raises Unavailable."""
        async with answered(f"opening {self._name}", CALL_SECONDS):
            await self._consumer.start()
            self._consumer.assign([self._where])

    @property
    def _name(self) -> str:
        return f"{self._where.topic}-{self._where.partition}"

    async def beginning(self) -> int:
        """The offset of the oldest record still there."""
        async with answered(f"asking where {self._name} begins"):
            return int((await self._consumer.beginning_offsets([self._where]))[self._where])

    async def end(self) -> int:
        """The offset the next record will get, as far as readers may see."""
        async with answered(f"asking where {self._name} ends"):
            return int((await self._consumer.end_offsets([self._where]))[self._where])

    async def seek(self, offset: int) -> None:
        """Read from this offset on. Raises Misplaced where the topic never reached it or no longer has it."""
        await self._find(offset)
        self._consumer.seek(self._where, offset)

    async def _find(self, offset: int) -> None:
        beginning, end = await self.beginning(), await self._end_for(offset)
        if not beginning <= offset <= end:
            raise Misplaced(f"{self._name} holds offsets {beginning} to {end}; the cursor says {offset}: {ADVICE}")

    async def _end_for(self, offset: int) -> int:
        """Where the partition ends, asked again for a while if that is before an offset that was reached once.

        A leader that is new learns only from its followers how much of what it has may be read.
        """
        deadline = monotonic() + FOLLOWING_SECONDS
        while (end := await self.end()) < offset and monotonic() < deadline:  # noqa: ASYNC110 - it gives no signal
            await asyncio.sleep(LOOK_SECONDS)
        return end

    async def poll(self, most: int, seconds: float) -> Sequence[Record]:
        """Up to `most` records in order, waiting at most `seconds` for the first."""
        async with answered(f"reading {self._name}", seconds + CALL_SECONDS):
            taken = await self._taken(most, seconds)
            behind = await self._behind()
        if taken:
            self._checked, self._behind_at = monotonic(), None
            self.caught_up = not behind and len(taken) < most
        elif monotonic() - self._checked > CHECK_SECONDS:
            await self._check()
        return taken

    async def _taken(self, most: int, seconds: float) -> Sequence[Record]:
        """What the client has at hand may be old: it fetches ahead, and again only once it has given out all it has.

        What came since waits at the broker, so then it is asked once more.
        """
        asked = monotonic()
        taken = await self._polled(most, seconds)
        room = most - len(taken)
        if not taken or not room or monotonic() - asked > AT_HAND_SECONDS:
            return taken
        return [*taken, *await self._polled(room, FRESH_SECONDS)]

    async def _behind(self) -> int:
        """What is yet to take, as far as the last fetch said where the partition ends."""
        end = self._consumer.last_stable_offset(self._where)
        if end is None:
            return 0
        behind: int = max(0, end - await self._consumer.position(self._where))
        metrics.LANE_LAG_RECORDS.labels(self._where.partition).set(behind)
        return behind

    async def _polled(self, most: int, seconds: float) -> Sequence[Record]:
        try:
            records = await self._consumer.getmany(self._where, timeout_ms=int(seconds * 1000), max_records=most)
        except OffsetOutOfRangeError as error:
            # So does a leader that is new and does not know yet how far it may be read.
            await self._find(error.args[0][self._where])
            raise Unavailable(f"kafka: {self._name} was refused by a leader that is new") from error
        return [record_of(record) for record in records.get(self._where, ())]

    async def reached(self) -> int:
        """The offset that the next poll reads on from."""
        async with answered(f"asking for the position on {self._name}"):
            return int(await self._consumer.position(self._where))

    async def at(self, offset: int) -> Record | None:
        """The record at an offset, None where none is; the next poll reads on from where it would have."""
        here = await self.reached()
        self._consumer.seek(self._where, offset)
        try:
            async with answered(f"reading {self._name} at offset {offset}"):
                while await self._consumer.position(self._where) <= offset < await self.end():
                    found = await self._polled(1, 0.25)
                    if found:
                        return found[0] if found[0].offset == offset else None
        finally:
            self._consumer.seek(self._where, here)
        return None

    async def _check(self) -> None:
        """Raises Unavailable where the partition has held records for two checks and the client brings none of them.

        After a broker's restart the client can stay alive and fetch nothing for ever.
        """
        self._checked = monotonic()
        end = await self.end()
        position = await self.reached()
        if position < end and position == self._behind_at:
            raise Unavailable(f"kafka: {self._name} ends at {end}, and nothing comes after {position}")
        self._behind_at = position if position < end else None

    async def close(self) -> None:
        """Let go of the connection."""
        metrics.LANE_LAG_RECORDS.remove(self._where.partition)
        await let_go(self._consumer.stop)
