import pytest

from worker.simulator.losses import losing
from worker.simulator.world import World

EVENTS = World(seed=12, accounts=60).events()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_about_the_share_asked_for_is_dropped_and_the_rest_keeps_its_order(share: float) -> None:
    losses = losing(EVENTS, share, seed=1)
    assert sorted((*losses.kept, *losses.dropped), key=EVENTS.index) == list(EVENTS)
    assert list(losses.kept) == [event for event in EVENTS if event in losses.kept]
    assert abs(len(losses.dropped) - share * len(EVENTS)) < 0.05 * len(EVENTS)


def test_the_same_seed_drops_the_same_and_another_one_others() -> None:
    assert losing(EVENTS, 0.05, seed=1) == losing(EVENTS, 0.05, seed=1)
    assert losing(EVENTS, 0.05, seed=1) != losing(EVENTS, 0.05, seed=2)
