"""What a world holds; the ideal reader here tells each event in its true order, as no real system can."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from hashlib import sha256
from itertools import pairwise

import pytest

from worker.simulator.accounts import MARKETS
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import KINDS
from worker.simulator.oracle import Expected, Notification, judge
from worker.simulator.world import World

DIGEST = """
from hashlib import sha256
from worker.simulator.world import World
print(sha256(b"".join(event.body for event in World(seed=5, accounts=60).events())).hexdigest())
"""


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=20_260, accounts=400)


def of_kind(world: World, kind: str) -> list[History]:
    return [history for history in world.histories if history.kind == kind]


def told_by(event: Event) -> list[str]:
    """What a reader who saw everything in order would tell of one event."""
    mode = "live" if event.livemode else "test"
    family, _, name = event.type.removeprefix("capital.").partition(".")
    subject = json.loads(event.body)["data"]["object"]
    if family == "financing_transaction":
        return [f"{mode}:{event.subject}:recorded"]
    if name == "line_of_credit_update":
        return [f"{mode}:{event.id}:line_of_credit"]
    if name == "replacement_created":
        return [f"{mode}:{event.subject}:created", f"{mode}:{subject['replacement_for']}:replaced"]
    return [f"{mode}:{event.subject}:{name}"] if family == "financing_offer" and name != "teleported" else []


def ideally_told(events: tuple[Event, ...]) -> list[Notification]:
    told: dict[str, Event] = {}
    for event in events:
        for ce_id in told_by(event):
            told.setdefault(ce_id, event)
    sequences: Counter[tuple[str, bool]] = Counter()
    notifications = []
    for ce_id, event in told.items():
        sequences[event.account, event.livemode] += 1
        notifications.append((ce_id, event.account, sequences[event.account, event.livemode]))
    return notifications


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    here = sha256(b"".join(event.body for event in World(seed=5, accounts=60).events())).hexdigest()
    for hash_seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert there.stdout.strip() == here


def test_another_seed_gives_another_world() -> None:
    here, there = World(seed=1, accounts=20), World(seed=2, accounts=20)
    assert not {event.id for event in here.events()} & {event.id for event in there.events()}
    assert not here.expected.ids & there.expected.ids


def test_an_account_lives_the_same_in_a_larger_world() -> None:
    small, large = World(seed=3, accounts=12), World(seed=3, accounts=24)
    assert large.histories[: len(small.histories)] == small.histories


def test_with_an_account_for_each_kind_every_kind_is_lived() -> None:
    assert {history.kind for history in World(seed=9, accounts=len(KINDS)).histories} == KINDS.keys()


def test_a_world_can_be_narrowed_to_some_kinds() -> None:
    narrowed = World(seed=9, accounts=30, kinds={"repaid": KINDS["repaid"]})
    assert {history.kind for history in narrowed.histories} == {"repaid"}


def test_every_market_and_both_modes_appear(world: World) -> None:
    assert {history.country for history in world.histories} == {market.country for market in MARKETS}
    assert {history.livemode for history in world.histories} == {True, False}


def test_some_account_ids_live_in_both_modes(world: World) -> None:
    modes: defaultdict[str, set[bool]] = defaultdict(set)
    for history in world.histories:
        modes[history.account].add(history.livemode)
    assert any(len(both) == 2 for both in modes.values())


def test_no_event_id_is_used_twice(world: World) -> None:
    ids = [event.id for event in world.events()]
    assert len(ids) == len(set(ids))


def test_the_events_of_a_history_keep_their_causal_order_in_the_world(world: World) -> None:
    places = {event.id: place for place, event in enumerate(world.events())}
    for history in world.histories:
        mine = [places[event.id] for event in history.events]
        assert mine == sorted(mine)


def test_created_never_contradicts_the_causal_order_and_is_often_tied(world: World) -> None:
    steps = [
        later.created - earlier.created
        for history in world.histories
        for earlier, later in pairwise(history.events)
        if history.kind != "not_capital"
    ]
    assert min(steps) == 0
    assert steps.count(0) > len(steps) / 20


def test_some_offers_are_accepted_and_paid_out_in_the_same_second(world: World) -> None:
    seconds: defaultdict[str | None, dict[str, int]] = defaultdict(dict)
    for event in world.events():
        seconds[event.subject][event.type.rpartition(".")[2]] = event.created
    assert any(times.get("accepted", -1) == times.get("paid_out") for times in seconds.values())


def test_what_is_expected_by_hand_is_what_an_ideal_reader_tells(world: World) -> None:
    assert judge(ideally_told(world.events()), world.expected) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "not_capital"])
def test_each_history_alone_is_told_as_its_author_says(world: World, kind: str) -> None:
    for history in of_kind(world, kind):
        assert {ce_id for ce_id, _, _ in ideally_told(history.events)} == history.expected.ids
        assert history.expected.order or kind == "line_of_credit"


def test_nothing_is_expected_of_events_that_are_not_capitals(world: World) -> None:
    for history in of_kind(world, "not_capital"):
        assert history.expected == Expected()
        assert not any(event.type.startswith("capital.") for event in history.events)


def test_a_replaced_offer_has_no_event_for_it_but_a_state(world: World) -> None:
    for history in of_kind(world, "replaced"):
        old, new = history.events[0].subject, history.events[1].subject
        latest = {state.object["id"]: state.object for state in history.states}
        assert not any(event.type.endswith(".replaced") for event in history.events)
        assert old
        assert new
        assert (latest[old]["status"], latest[old]["replacement"]) == ("replaced", new)
        assert latest[new]["replacement_for"] == old


def test_payments_of_a_repaid_offer_sum_to_what_it_cost(world: World) -> None:
    for history in of_kind(world, "repaid"):
        objects = [json.loads(event.body)["data"]["object"] for event in history.events]
        terms = objects[-1]["accepted_terms"]
        paid = sum(
            entry["details"]["total_amount"]
            for entry in objects
            if entry["object"].endswith("transaction") and entry["type"] == "payment"
        )
        assert paid == terms["advance_amount"] + terms["fee_amount"]


def test_a_canceled_offer_is_canceled_within_48_hours_of_acceptance_and_sometimes_after_payout(world: World) -> None:
    paid_out = set()
    for history in of_kind(world, "canceled"):
        times = {event.type.rpartition(".")[2]: event.created for event in history.events if "offer." in event.type}
        assert 0 <= times["canceled"] - times["accepted"] <= 48 * 3600
        paid_out.add("paid_out" in times)
    assert paid_out == {True, False}
