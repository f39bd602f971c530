import sys

from tests.faults.figures import COUNTED
from tests.faults.runner import Plan, run

SEED = 76
KINDS = ("kill_owner", "freeze_owner", "kill_ingress", "kill_lookup", "kill_broker", "move_leaders", "kill_postgres")


async def test_a_fleet_struck_in_each_of_its_parts_loses_doubles_and_disorders_nothing() -> None:
    figures = await run(Plan(len(KINDS), SEED, KINDS))
    sys.stdout.write(figures.table())
    assert figures.counts == dict.fromkeys(COUNTED, 0)
    assert figures.troubles == []
    assert {one.kind for one in figures.rounds} == set(KINDS)
    assert figures.acknowledged > 0


async def test_a_fleet_whose_owners_go_without_their_marker_is_found_to_double() -> None:
    figures = await run(Plan(1, SEED, ("kill_owner",), broken="marker", brokers=1))
    sys.stdout.write(figures.table())
    assert figures.counts["doubled"] > 0
    assert figures.counts["lost"] == 0
    assert not figures.good
