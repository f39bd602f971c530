"""What promoting promises, whatever the wrong rules were and wherever the command falls, on the parts in memory."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.consumer.promotions import Live
from tests.contract.batches import HOME, record
from tests.journeys.worlds import WITHOUT_LOOKUPS
from tests.replay import bugs
from worker.consumer.reading import Rebuilding, owner_of, read
from worker.ports import Record
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.kinds import ALL
from worker.simulator.oracle import Fault, judge
from worker.simulator.world import World

Bug = Callable[[pytest.MonkeyPatch], None]
KINDS = {"without lookups": WITHOUT_LOOKUPS, "refills": ALL}


def topic(world: World, seed: int) -> list[Record]:
    wild = Disorder(window=None, repeats=0.1, twins=0.1)
    events = disordered(world.events(), seed=seed, disorder=wild)
    return [record(event.body, offset) for offset, event in enumerate(events)]


async def lived(world: World, seed: int, bug: Bug, *, emit: bool = True) -> tuple[Live, int]:
    """A world of which wrong rules took a half, then a promotion, then the rest; and the offset of the rest."""
    records = topic(world, seed)
    live, half = Live(), len(records) // 2
    with pytest.MonkeyPatch.context() as patch:
        bug(patch)
        await live.take(records[:half])
    await live.promote(emit=emit)
    rest = len(live.taken)
    shift = rest - half
    await live.take([replace(one, offset=one.offset + shift) for one in records[half:]])
    return live, rest


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("bug", [bugs.deaf_to_cancellations, bugs.hasty, bugs.forgetful])
async def test_nothing_is_told_twice_nothing_is_lost_and_numbers_go_on(bug: Bug, kinds: str) -> None:
    seed = 1
    world = World(seed=seed, accounts=30, kinds=KINDS[kinds])
    live, _ = await lived(world, seed, bug)
    told = [(entry.id, entry.account, entry.sequence or 0) for entry in live.entries if entry.sequence]
    faults = Counter(problem.fault for problem in judge(told, world.expected))
    # Only Stripe's API knows of some; and what hasty rules told in a wrong order stays told in that order.
    lost_without_api = Counter(problem.fault for problem in judge(await without_promotion(world, seed), world.expected))
    assert faults[Fault.LOST] <= lost_without_api[Fault.LOST]
    assert {fault for fault in faults if faults[fault]} <= {Fault.LOST, Fault.OUT_OF_ORDER}


async def without_promotion(world: World, seed: int) -> list[tuple[str, str, int]]:
    live = Live()
    await live.take(topic(world, seed))
    return [(entry.id, entry.account, entry.sequence or 0) for entry in live.entries if entry.sequence]


@pytest.mark.parametrize("telling", ["emit missing", "tell nothing"])
@pytest.mark.parametrize("bug", [bugs.deaf_to_cancellations, bugs.hasty, bugs.forgetful])
async def test_a_replay_of_everything_ends_in_the_same_tables_and_tells_the_same_since_the_promotion(
    bug: Bug, telling: str
) -> None:
    live, _ = await lived(World(seed=3, accounts=30, kinds=ALL), 3, bug, emit=telling == "emit missing")
    again = Live(replace(HOME, again=True))
    await again.take(live.taken, at_once=37)
    assert again.tables.accounts == live.tables.accounts
    assert again.tables.transactions == live.tables.transactions
    assert len(live.tables.accounts) > 20
    promoted = {owner_of(read(one)): one.offset for one in live.taken if isinstance(read(one), Rebuilding)}
    for key, offset in promoted.items():
        assert key is not None
        since = [replace(entry, number=0) for entry in live.told(key) if entry.record_offset >= offset]
        assert [replace(entry, number=0) for entry in again.told(key) if entry.record_offset >= offset] == since


async def test_promoting_what_is_right_changes_nothing_and_tells_nothing() -> None:
    live = Live()
    await live.take(topic(World(seed=5, accounts=30, kinds=ALL), 5))
    before, entries = dict(live.tables.accounts), list(live.entries)
    await live.promote(emit=True)
    assert live.tables.accounts == before
    assert live.entries == entries


async def test_promoting_twice_is_promoting_once() -> None:
    live, _ = await lived(World(seed=7, accounts=30, kinds=ALL), 7, bugs.hasty)
    before, entries = dict(live.tables.accounts), list(live.entries)
    await live.promote(emit=True)
    assert {key: replace(state, foretold=frozenset()) for key, state in live.tables.accounts.items()} == {
        key: replace(state, foretold=frozenset()) for key, state in before.items()
    }
    assert live.entries == entries
