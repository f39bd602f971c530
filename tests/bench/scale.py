"""How throughput and cost change with partitions, owners, the offers of an account and the rows of the event log."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench import loads
from tests.bench.drain import Drain, drain, median
from tests.bench.history import FilledRun
from tests.bench.loads import Load
from tests.bench.place import Place
from tests.bench.rounds import COSTS, costs, head, say
from tests.bench.subjects import SystemRun

OWNERS = (1, 2)
OFFERS = (1, 10, 100, 1_000)
# As many lives overlap; with fewer accounts, one would have several financings at a time.
FEWEST_ACCOUNTS = 10


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each to measure: events a drain, partitions, rows in the event log before it, and the rounds."""

    events: int
    partitions: Sequence[int]
    rows: Sequence[int]
    rounds: int


async def scale(place: Place, sizes: Sizes) -> None:
    """Three tables."""
    await _owners(place, sizes)
    await _offers(place, sizes.events)
    await _rows(place, sizes)


async def _owners(place: Place, sizes: Sizes) -> None:
    """Every number of partitions with one owner and with two, in turns."""
    load = loads.clean(sizes.events)
    drains: defaultdict[tuple[int, int], list[Drain]] = defaultdict(list)
    for turn in range(sizes.rounds):
        for partitions in sizes.partitions:
            topic = f"scale{partitions}"
            if topic not in place.partitions:
                await place.preload(topic, load.messages, partitions=partitions)
            for owners in OWNERS[: min(partitions, len(OWNERS))]:
                run = SystemRun(place, load, topic, f"scale{partitions}_{owners}_{turn}", owners=owners)
                drains[partitions, owners].append(await drain(place, run, load))
    say(f"\nscale over partitions and owners: {_size(load)}; medians of {sizes.rounds}\n")
    say(head("partitions", "owners", "of one owner", *COSTS))
    for (partitions, owners), found in drains.items():
        middle = median(found)
        say(f"| {partitions} | {owners} | {middle.rate / median(drains[partitions, 1]).rate:.2f} | {costs(middle)} |")


async def _offers(place: Place, events: int) -> None:
    """One partition, so that the fewest accounts are as much at hand as the most."""
    say(f"\nscale over an account's offers: one after the other on one partition, {events:,} records each\n")
    say(head("offers an account in the end", "accounts", *COSTS))
    for offers in OFFERS:
        accounts = events // len(loads.MILESTONES) // offers
        if accounts < FEWEST_ACCOUNTS:
            return
        load, name = loads.clean(events, accounts=accounts), f"offers{offers}"
        await place.preload(name, load.messages, partitions=1)
        say(f"| {offers:,} | {accounts:,} | {costs(await drain(place, SystemRun(place, load, name, name), load))} |")


async def _rows(place: Place, sizes: Sizes) -> None:
    """The same events each time, after ever more of other accounts and of their own."""
    load = replace(loads.clean(sizes.events, seed=4), name="history")
    await place.preload("history", load.messages)
    say(f"\nscale over the event log: {_size(load)}, 500 accounts of those that the log is full of\n")
    say(head("rows before", "table / index MB", "blocks read per 1,000", *COSTS))
    for rows in sizes.rows:
        run = FilledRun(place, load, "history", f"history{rows}", rows)
        drained = await drain(place, run, load)
        read = run.blocks_read / len(load.messages) * 1000
        size = f"{run.table_bytes / 2**20:,.0f} / {run.index_bytes / 2**20:,.0f}"
        say(f"| {rows:,} | {size} | {read:,.0f} | {costs(drained)} |")


def _size(load: Load) -> str:
    return f"{len(load.messages):,} records, {load.mean_bytes:,.0f} bytes each"
