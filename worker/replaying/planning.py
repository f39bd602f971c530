"""Planning: asks the topic and the live tables what a request means in offsets, and refuses what cannot be had."""

import time
from collections.abc import Mapping, Sequence

from worker.replay.plan import Extent, Plan, Refused, drawn
from worker.replay.request import Mark, Moment, Offsets, Request
from worker.settings import Settings
from worker.store import shadows
from worker.store.connection import Pool
from worker.topic.cluster import Cluster
from worker.topic.extents import Extents
from worker.topic.partitioning import home_of


async def planned(settings: Settings, live: Pool, request: Request) -> Plan:
    """The plan of a request, made now. Raises Refused and Unavailable."""
    _check_times(request)
    unknown = await shadows.unknown(live, request.accounts)
    if unknown:
        raise Refused(f"nothing has come for the account {unknown[0]}")
    async with Extents.opened(Cluster.of(settings), settings.events_topic) as topic:
        beginnings, topic_ends = await topic.beginnings(), await topic.ends()
        if not beginnings:
            raise Refused(f"there is no topic {settings.events_topic}")
        taken, first = await shadows.cursors(live), await shadows.replaced(live)
        extents = [
            Extent(partition, beginnings[partition], taken.get(partition, 0), first.get(partition, 0))
            for partition in _concerned(len(beginnings), request.accounts)
        ]
        starts = await _offsets(topic, live, request.start, extents)
        ends = await _offsets(topic, live, request.until, extents)
    _check_reach(extents, topic_ends)
    spans = drawn(extents, starts, ends, from_log=request.from_log)
    if request.start is not None and not spans:
        raise Refused("the live lanes have taken no record in this range")
    return Plan(str(request), spans, frozenset(request.accounts))


def _check_times(request: Request) -> None:
    now = time.time() * 1000
    marks = [mark for mark in (request.start, request.until) if isinstance(mark, Moment)]
    for mark in marks:
        if mark.milliseconds > now:
            raise Refused(f"{mark} is in the future")
    if len(marks) == 2 and marks[1].milliseconds <= marks[0].milliseconds:  # noqa: PLR2004 - both ends are times
        raise Refused(f"the range ends at {marks[1]}, and not after its start at {marks[0]}")


def _check_reach(extents: Sequence[Extent], topic_ends: Mapping[int, int]) -> None:
    """Records that were taken and lie beyond the topic's end will never come: that is another topic."""
    for extent in extents:
        end = topic_ends[extent.partition]
        if extent.taken > end:
            raise Refused(
                f"partition {extent.partition}: the topic ends at {end}, and the live lane took records up to "
                f"{extent.taken}: see docs/positions.md"
            )


def _concerned(partitions: int, accounts: Sequence[str]) -> Sequence[int]:
    """The partitions to go through: of some accounts, only those where their records are decided."""
    if not accounts:
        return range(partitions)
    return sorted({home_of(account, partitions) for account in accounts})


async def _offsets(
    topic: Extents, live: Pool, mark: Mark | None, extents: Sequence[Extent]
) -> Mapping[int, int] | None:
    """The mark in offsets. A time that no taken record has reached yet lies where the lane stands."""
    match mark:
        case None:
            return None
        case Offsets(by_partition):
            return by_partition
        case Moment(milliseconds):
            found = await topic.at(milliseconds)
            offsets = {one.partition: min(found.get(one.partition, one.taken), one.taken) for one in extents}
            return {**offsets, **await _expired(live, milliseconds, offsets, extents)}


async def _expired(
    live: Pool, milliseconds: int, offsets: Mapping[int, int], extents: Sequence[Extent]
) -> Mapping[int, int]:
    """Where a time lies before the topic's oldest record, as far as the event log knows."""
    cut = [one.partition for one in extents if 0 < one.beginning == offsets[one.partition]]
    if not cut:
        return {}
    logged = await shadows.first_since(live, milliseconds, cut)
    return {partition: min(offset, offsets[partition]) for partition, offset in logged.items()}
