import json
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.journeys.system import System
from tests.replay.living import FIRST_MS, Commands, history, lived
from worker.ports import Record
from worker.replay.request import Moment

DIFFERENT = 3


def middle(written: Sequence[Record]) -> Mapping[int, int]:
    """The middle offset of each partition."""
    counts = Counter(record.partition for record in written)
    return {partition: count // 2 for partition, count in counts.items()}


def said(offsets: Mapping[int, int]) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in offsets.items())


def accounts(written: Sequence[Record]) -> set[tuple[bool, bytes | None]]:
    """The accounts of records of Capital events, by mode."""
    bodies = [(json.loads(record.value or b""), record.key) for record in written]
    return {(body["livemode"], key) for body, key in bodies if body["type"].startswith("capital.")}


async def test_the_whole_topic_gives_every_row_and_number_again(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=1))
    done = await commands.replay("--from-beginning")
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err[-500:])
    assert done.compared["offsets"] == len(written)
    assert done.compared["accounts"] == len(accounts(written))
    ((told,),) = await system.rows("SELECT count(*) FROM outbox")
    assert done.compared["outbox_entries"] == told
    # Nothing differed, so nothing is kept.
    assert await system.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE $1", f"{system.name}_replay%") == []


async def test_a_range_starts_from_the_state_that_accounts_had_at_its_start(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=2))
    starts = middle(written)
    done = await commands.replay("--from-offset", said(starts))
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err[-500:])
    inside = [record for record in written if record.offset >= starts[record.partition]]
    assert done.compared["offsets"] == len(inside)
    assert done.compared["accounts"] == len(accounts(inside))


async def test_a_range_that_ends_early_compares_what_was_told_of_accounts_that_went_on(
    system: System, commands: Commands
) -> None:
    written = await lived(system, history(seed=3))
    ends = middle(written)
    starts = {partition: end // 2 for partition, end in ends.items()}
    done = await commands.replay("--from-offset", said(starts), "--until", said(ends))
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err[-500:])
    before = accounts(
        [record for record in written if starts[record.partition] <= record.offset < ends[record.partition]]
    )
    after = accounts([record for record in written if record.offset >= ends[record.partition]])
    assert done.compared["accounts"] == len(before)
    # A repeat that came later is no news of its account.
    assert 0 < done.compared["accounts_that_went_on"] <= len(before & after)
    assert done.compared["outbox_entries"] > 0


async def test_a_time_is_where_its_first_record_is(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=4))
    start, until = FIRST_MS + 1_000 * (len(written) // 3), FIRST_MS + 1_000 * (len(written) // 2)
    done = await commands.replay("--from-timestamp", str(Moment(start)), "--until", str(Moment(until)))
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err[-500:])
    first = {
        partition: min(
            record.offset for record in written if record.partition == partition and record.timestamp >= start
        )
        for partition in {record.partition for record in written}
    }
    assert {source["partition"]: source["from"] for source in done.sources} == first
    inside = [record for record in written if start <= record.timestamp < until]
    assert done.compared["accounts"] == len(accounts(inside))


async def test_accounts_are_replayed_alone_and_only_their_partitions_are_read(
    system: System, commands: Commands
) -> None:
    written = await lived(system, history(seed=5))
    chosen = sorted({(record.key or b"").decode() for record in written if record.partition == 0})[:2]
    done = await commands.replay("--account", chosen[0], "--account", chosen[1])
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err[-500:])
    assert [source["partition"] for source in done.sources] == [0]
    ((told,),) = await system.rows("SELECT count(*) FROM outbox WHERE account = ANY ($1)", chosen)
    assert done.compared["outbox_entries"] == told


async def test_an_account_in_a_range_starts_from_its_own_state(system: System, commands: Commands) -> None:
    written = await lived(system, history(seed=6))
    counts = Counter((record.key or b"").decode() for record in written)
    busiest = counts.most_common(1)[0][0]
    places = [record for record in written if (record.key or b"").decode() == busiest]
    start = places[len(places) // 2]
    done = await commands.replay("--account", busiest, "--from-offset", f"{start.partition}:{start.offset}")
    assert (done.status, done.differences) == (0, []), (done.out[-2_000:], done.err[-500:])
    assert done.compared["outbox_entries"] > 0
