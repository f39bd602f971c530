import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.consumer.lanes import CLOCK, SECONDS, Workshop
from tests.contract.batches import PARTITION
from tests.journeys.webhooks import offer_event
from worker.consumer import keeper as module
from worker.consumer.keeper import Keeper
from worker.consumer.lane import Lane
from worker.ports import Position, Unavailable

ALL, NONE = frozenset({PARTITION}), frozenset[int]()


@dataclass
class Group:
    """A consumer group in memory: what it assigns, and how often this process joined it."""

    assigned: asyncio.Queue[frozenset[int]] = field(default_factory=asyncio.Queue)
    joined: int = 0
    left: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    def join(self) -> "Group":
        return self

    async def open(self) -> None:
        self.joined += 1
        self.lost.clear()

    async def poll(self) -> None:
        await self.lost.wait()
        raise Unavailable("the group is lost")

    async def assignment(self) -> frozenset[int]:
        return await self.assigned.get()

    async def close(self) -> None:
        self.left += 1


@dataclass
class Yard:
    """What a keeper keeps lanes with, one workshop, and when the connections of a lane are made."""

    workshop: Workshop = field(default_factory=Workshop)
    group: Group = field(default_factory=Group)
    connecting: asyncio.Event = field(default_factory=asyncio.Event)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    lanes: list[Lane] = field(default_factory=list)

    @asynccontextmanager
    async def begin(self, _partition: int) -> AsyncIterator[Lane]:
        self.connecting.set()
        await self.connected.wait()
        self.lanes.append(self.workshop.lane())
        yield self.lanes[-1]

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Keeper]:
        """A keeper at work, which must end in time when it is stopped."""
        keeper = Keeper(self.group.join, self.begin, CLOCK)
        running = asyncio.create_task(keeper.run())
        try:
            yield keeper
        finally:
            keeper.stop()
            async with asyncio.timeout(SECONDS):
                await running


@pytest.fixture
def yard(monkeypatch: pytest.MonkeyPatch) -> Yard:
    """Pauses between attempts are short here; nothing depends on their length."""
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.001)
    made = Yard()
    made.connected.set()
    return made


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - a condition gives no signal
            await asyncio.sleep(0.001)


async def ready(keeper: Keeper) -> None:
    await until(lambda: keeper.ready() is None)


async def test_nobody_is_ready_before_partitions_were_assigned(yard: Yard) -> None:
    async with yard.keeping() as keeper:
        assert keeper.ready() == "no partitions assigned yet"
        yard.group.assigned.put_nowait(NONE)
        await ready(keeper)


async def test_an_assigned_partition_has_a_lane_and_one_taken_away_has_none(yard: Yard) -> None:
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await until(lambda: yard.lanes and yard.lanes[0].working)
        assert keeper.ready() is None
        await yard.workshop.write([offer_event("evt_1")])
        await yard.workshop.worked_off()
        yard.group.assigned.put_nowait(NONE)
        await until(lambda: not keeper._tasks)
        assert keeper.ready() is None


async def test_an_assignment_that_changes_nothing_leaves_lanes_as_they_are(yard: Yard) -> None:
    async with yard.keeping() as keeper:
        for _ in range(3):
            yard.group.assigned.put_nowait(ALL)
            await until(yard.group.assigned.empty)
            await ready(keeper)
    assert len(yard.lanes) == 1
    assert yard.workshop.tables.asked.count("claim") == 1


async def test_a_lane_that_is_interrupted_is_begun_again(yard: Yard) -> None:
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await ready(keeper)
        yard.workshop.broker.away = True
        await until(lambda: keeper.ready() == f"lanes not working: {PARTITION} (unavailable)")
        yard.workshop.broker.away = False
        await ready(keeper)
        await yard.workshop.write([offer_event("evt_1")])
        await yard.workshop.worked_off()
    assert len(yard.workshop.told()) == 1


async def test_a_lane_that_is_begun_again_and_again_leaves_nothing_behind(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 0.001)
    yard.workshop.broker.away = True

    async def objects_after(attempts: int) -> int:
        await until(lambda: len(yard.lanes) >= attempts)
        yard.lanes.clear()
        gc.collect()
        return len(gc.get_objects())

    async with yard.keeping():
        yard.group.assigned.put_nowait(ALL)
        # Loggers, metrics and the like come into being with the first.
        await objects_after(50)
        before = await objects_after(50)
        after = await objects_after(500)
    assert after - before < 250, "objects stay behind"


@pytest.mark.parametrize(("trouble", "longest"), [("away", 5.0), ("misplaced", 60.0)])
async def test_pauses_double_up_to_five_seconds_or_a_minute_where_a_person_has_to_look(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, trouble: str, longest: float
) -> None:
    pauses: list[float] = []

    async def paused(_keeper: Keeper, seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(Keeper, "_pause", paused)
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 1.0)
    if trouble == "misplaced":
        yard.workshop.tables.positions[PARTITION] = Position(PARTITION, 1, 7, 1)
    else:
        yard.workshop.broker.away = True
    async with yard.keeping():
        yard.group.assigned.put_nowait(ALL)
        await until(lambda: len(pauses) >= 9)
    doubled = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
    assert pauses[:9] == [min(seconds, longest) for seconds in doubled]


async def test_a_group_that_lets_nobody_in_is_asked_ever_more_rarely(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def paused(_keeper: Keeper, seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def refused() -> None:
        raise Unavailable("no right to the group")

    monkeypatch.setattr(Keeper, "_wait", paused)
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(yard.group, "poll", refused)
    async with yard.keeping():
        await until(lambda: len(pauses) >= 5)
    assert pauses[:5] == [1.0, 2.0, 4.0, 5.0, 5.0]


async def test_a_lane_taken_away_while_it_connects_never_claims_its_partition(yard: Yard) -> None:
    yard.connected.clear()
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await yard.connecting.wait()
        yard.group.assigned.put_nowait(NONE)
        await until(lambda: keeper._wanted == NONE)
        yard.connected.set()
        await until(lambda: not keeper._tasks)
    assert "claim" not in yard.workshop.tables.asked


async def test_a_stop_while_a_lane_connects_ends_it_too(yard: Yard) -> None:
    yard.connected.clear()
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await yard.connecting.wait()
        keeper.stop()
        await until(lambda: keeper._wanted == NONE)
        yard.connected.set()
    assert "claim" not in yard.workshop.tables.asked


async def test_a_lost_group_is_joined_again_and_lanes_run_on_meanwhile(yard: Yard) -> None:
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await ready(keeper)
        yard.group.lost.set()
        await until(lambda: yard.group.joined == 2)
        await yard.workshop.write([offer_event("evt_1")])
        await yard.workshop.worked_off()
    assert len(yard.lanes) == 1
    assert yard.group.left == 2


async def test_a_stopped_keeper_has_published_everything_before_it_leaves_the_group(yard: Yard) -> None:
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await ready(keeper)
        await yard.workshop.write([offer_event("evt_1")])
        await until(lambda: yard.workshop.tables.positions[PARTITION].next_offset == 1)
        assert yard.group.left == 0
    assert len(yard.workshop.told()) == 1
    assert yard.group.left == 1


async def test_a_lane_that_does_not_come_round_is_named(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    async with yard.keeping() as keeper:
        yard.group.assigned.put_nowait(ALL)
        await ready(keeper)
        assert keeper.alive() is None
        monkeypatch.setattr(module, "STUCK_SECONDS", -1)
        assert keeper.alive() == f"lanes without progress: [{PARTITION}]"
        # Settling the past can take long where much was left: then the relay says whether it moves.
        keeper._lanes[PARTITION].working = False
        assert keeper.alive() is None
