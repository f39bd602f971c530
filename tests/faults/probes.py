"""Probes: fresh accounts, one for each partition, whose one event shows whether their lane tells anything yet."""

from collections.abc import Sequence

from worker.simulator.accounts import drawn_account
from worker.simulator.dice import Dice
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.topic.partitioning import home_of

# 2025-01-06 00:00 UTC.
BEGINNING = 1_736_121_600


def probes(seed: int, number: int, partitions: int) -> Sequence[History]:
    """A history of one created offer for each partition; another number gives other accounts."""
    dice = Dice(f"{seed}/probes/{number}")
    found: dict[int, History] = {}
    while len(found) < partitions:
        account = drawn_account(dice)
        narrator = Narrator(dice, account, BEGINNING, livemode=True)
        offer = narrator.create()
        found[home_of(account.id, partitions)] = narrator.end("probe", narrator.milestones(offer, "created"))
    return list(found.values())
