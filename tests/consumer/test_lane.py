import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.consumer.lanes import SECONDS, Held, Workshop, header, judged
from tests.contract.batches import PARTITION
from tests.contract.fakes import Death, Ledger
from tests.journeys.webhooks import offer_event
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.consumer import hot
from worker.consumer.brake import Braked, Limits
from worker.metrics import REGISTRY
from worker.ports import Batch, Fenced, Misplaced, Unavailable
from worker.simulator.disorder import disordered
from worker.simulator.events import Event
from worker.simulator.oracle import judge
from worker.simulator.world import World

WORLD = World(seed=9, accounts=40, kinds=WITHOUT_LOOKUPS)
EVENTS = disordered(WORLD.events(), seed=9)


async def ended_by(workshop: Workshop, death: type[Exception], dies: Death = "") -> None:
    """Run a lane until it ends with this error."""
    with pytest.RaisesGroup(death, allow_unwrapped=True, flatten_subgroups=True):
        async with asyncio.timeout(SECONDS):
            await workshop.lane(dies=dies).run()


async def test_everything_on_the_topic_is_told_in_order_and_once() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS)
    async with workshop.running(workshop.lane(batch_size=50)):
        await workshop.worked_off()
    assert judge(judged(workshop.told()), WORLD.expected) == []


async def test_a_stopped_lane_has_published_all_that_it_committed() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS)

    class Stopping(Ledger):
        async def commit(self, batch: Batch) -> None:
            await super().commit(batch)
            if batch.after.next_offset >= 100:
                lane.stop()

    lane = workshop.lane(batch_size=20, ledger=Stopping(workshop.tables))
    async with asyncio.timeout(SECONDS):
        await lane.run()
    assert workshop.tables.positions[PARTITION].next_offset == 100
    assert workshop.broker.markers[PARTITION] == 100
    notified = [entry.id for entry in workshop.tables.entries[PARTITION] if entry.destination == "notifications"]
    assert [header(record, "ce_id") for record in workshop.told()] == notified


class Reaching(Ledger):
    """Says up to which offset each batch reaches, and when one reaches the offset `until`."""

    def __init__(self, workshop: Workshop, until: int) -> None:
        super().__init__(workshop.tables)
        self._until = until
        self.offsets: list[int] = []
        self.there = asyncio.Event()

    async def commit(self, batch: Batch) -> None:
        await super().commit(batch)
        self.offsets.append(batch.after.next_offset)
        if batch.after.next_offset == self._until:
            self.there.set()


async def test_a_lane_that_caught_up_publishes_before_it_takes_what_gathered_meanwhile() -> None:
    workshop = Workshop()
    held, ledger = Held(workshop.broker, PARTITION), Reaching(workshop, 5)
    # Its opening makes the marker known.
    held.go.set()
    async with workshop.running(workshop.lane(ledger=ledger, publisher=held)), asyncio.timeout(SECONDS):
        await held.asked.wait()
        held.go.clear()
        for number in range(5):
            await workshop.write([offer_event(f"evt_{number}", envelope={"type": "capital.new"})])
            while not ledger.offsets:  # noqa: ASYNC110 - only the first batch is waited for
                await asyncio.sleep(0)
        held.go.set()
        await ledger.there.wait()
    assert ledger.offsets == [1, 5]


async def test_a_lane_that_is_behind_goes_on_while_it_publishes() -> None:
    workshop = Workshop()
    held, ledger = Held(workshop.broker, PARTITION), Reaching(workshop, 4)
    workshop.broker.markers[PARTITION] = 0
    await workshop.write([offer_event(f"evt_{number}") for number in range(4)])
    async with workshop.running(workshop.lane(batch_size=1, ledger=ledger, publisher=held)), asyncio.timeout(SECONDS):
        await ledger.there.wait()
        held.go.set()
    assert ledger.offsets == [1, 2, 3, 4]


async def test_a_lane_stopped_before_its_first_poll_takes_nothing() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS)
    lane = workshop.lane()
    lane.stop()
    await lane.run()
    assert workshop.tables.positions[PARTITION].next_offset == 0
    assert "load" not in workshop.tables.asked


async def test_a_lane_that_is_fenced_ends_and_publishes_nothing_of_the_batch_it_could_not_commit() -> None:
    workshop = Workshop()
    lane = workshop.lane()
    work = asyncio.create_task(lane.run())
    async with asyncio.timeout(SECONDS):
        while not lane.working:  # noqa: ASYNC110 - a flag gives no signal
            await asyncio.sleep(0)
    await Ledger(workshop.tables).claim(PARTITION, "another", 0)
    await workshop.write([offer_event("evt_1")])
    with pytest.RaisesGroup(Fenced):
        await work
    assert workshop.told() == []
    assert not workshop.tables.accounts


@pytest.mark.parametrize("dies", ["before the commit", "after the commit"])
async def test_what_was_committed_but_not_known_to_be_published_is_told_once_by_the_next_owner(dies: Death) -> None:
    workshop = Workshop()
    # The first publication of all only makes the marker known.
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    await workshop.write([offer_event("evt_1"), offer_event("evt_2", account="acct_2")])
    await ended_by(workshop, Unavailable, dies)
    assert workshop.tables.positions[PARTITION].next_offset == 2
    assert len(workshop.told()) == (2 if dies == "after the commit" else 0)
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    created = [f"live:financingoffer_{account}:created" for account in ("acct_1", "acct_2")]
    assert [header(record, "ce_id") for record in workshop.told()] == created


async def test_a_world_is_told_once_by_owners_that_die_again_and_again() -> None:
    workshop = Workshop()
    deaths: list[Death] = ["after the commit", "before the commit"]
    for number, first in enumerate(range(0, len(EVENTS), 40)):
        async with workshop.running(workshop.lane()):
            await workshop.worked_off()
        await workshop.write(EVENTS[first : first + 40])
        await ended_by(workshop, Unavailable, deaths[number % 2])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    assert judge(judged(workshop.told()), WORLD.expected) == []


async def test_an_old_backup_of_the_tables_derives_what_was_told_again_and_tells_only_what_is_beyond() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS[:100])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    # The tables are lost as a whole; the topics and the marker are not.
    restored = Workshop(broker=workshop.broker)
    before = list(workshop.told())
    async with restored.running(restored.lane(batch_size=30)):
        await restored.write(EVENTS[100:])
        await restored.worked_off()
    assert list(restored.told())[: len(before)] == before
    assert judge(judged(restored.told()), WORLD.expected) == []


async def test_a_lane_whose_cursor_lies_outside_of_the_topic_ends_misplaced() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS[:10])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    workshop.broker.beginnings[PARTITION] = len(EVENTS)
    await ended_by(workshop, Misplaced)


async def again_on(workshop: Workshop, events: Sequence[Event]) -> Workshop:
    """The same tables beside an events topic that was made anew, with these on it."""
    other = Workshop(workshop.tables)
    other.broker.markers |= workshop.broker.markers
    await other.write(events)
    return other


@pytest.mark.parametrize("more", [0, 1, 50])
async def test_a_topic_made_anew_is_known_by_its_record_where_the_last_one_was_taken(more: int) -> None:
    workshop = Workshop()
    await workshop.write(EVENTS[:10])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    before = dict(workshop.tables.positions)
    anew = await again_on(workshop, EVENTS[20 : 30 + more])
    await ended_by(anew, Misplaced)
    assert anew.tables.positions == {PARTITION: replace(before[PARTITION], epoch=before[PARTITION].epoch + 1)}
    assert anew.told() == []


async def test_a_topic_that_has_what_was_taken_is_read_on() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS[:10])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    same = await again_on(workshop, EVENTS[:30])
    async with same.running(same.lane()):
        await same.worked_off()
    assert same.tables.positions[PARTITION].next_offset == 30


async def test_a_lane_whose_last_record_was_removed_since_goes_on_where_the_topic_begins() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS[:10])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    workshop.broker.beginnings[PARTITION] = 10
    await workshop.write(EVENTS[10:20])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    assert workshop.tables.positions[PARTITION].next_offset == 20


async def test_a_lane_ends_when_the_database_goes_away() -> None:
    workshop = Workshop()
    workshop.tables.away = True
    await ended_by(workshop, Unavailable)


async def test_too_many_quarantines_end_the_lane_and_nothing_of_their_batch_is_committed() -> None:
    workshop = Workshop()
    bad = {"created": "yesterday"}
    await workshop.write([offer_event(f"evt_{n}", account=f"acct_{n}", envelope=bad) for n in range(3)])
    lane = workshop.lane(limits=Limits(count=3, ratio=0.5, seconds=60))
    with pytest.RaisesGroup(Braked):
        await lane.run()
    assert workshop.tables.positions[PARTITION].next_offset == 0
    assert not workshop.tables.parked


async def test_a_batch_costs_one_load_and_one_commit() -> None:
    workshop = Workshop()
    await workshop.write(EVENTS)
    async with workshop.running(workshop.lane(batch_size=len(EVENTS))):
        await workshop.worked_off()
    assert workshop.tables.asked.count("load") == 1
    assert workshop.tables.asked.count("commit") == 1


@pytest.mark.parametrize("most_offers", [0, 20, 100_000])
async def test_states_kept_in_memory_and_states_loaded_again_lead_to_the_same_entries(
    monkeypatch: pytest.MonkeyPatch, most_offers: int
) -> None:
    monkeypatch.setattr(hot.HotAccounts.__init__, "__defaults__", (most_offers,))
    workshop = Workshop()
    await workshop.write(EVENTS)
    async with workshop.running(workshop.lane(batch_size=25)):
        await workshop.worked_off()
    reloading = Workshop()
    await reloading.write(EVENTS)
    for _ in range(len(EVENTS) // 100 + 1):
        async with reloading.running(reloading.lane(batch_size=1)):
            await reloading.worked_off()
    assert workshop.tables.entries == reloading.tables.entries
    assert workshop.tables.accounts == reloading.tables.accounts


def lag() -> float | None:
    return REGISTRY.get_sample_value("capital_lane_lag_seconds", {"partition": str(PARTITION)})


async def test_a_lane_s_lag_is_the_age_of_what_it_commits_and_nothing_once_it_waits() -> None:
    workshop, seen = Workshop(), list[float | None]()
    await workshop.write(EVENTS[:20])

    class Watching(Ledger):
        async def commit(self, batch: Batch) -> None:
            seen.append(lag())
            await super().commit(batch)

    lane = workshop.lane(batch_size=10, ledger=Watching(workshop.tables))
    async with workshop.running(lane):
        await workshop.worked_off()
        async with asyncio.timeout(SECONDS):
            while lag() != 0:  # noqa: ASYNC110 - a gauge gives no signal
                await asyncio.sleep(0.001)
    assert seen[0] == 0
    assert (seen[1] or 0) > 0
    assert lag() is None, "whoever has the partition next counts it"
