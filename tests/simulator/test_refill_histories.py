"""What lives of refills hold, and that what their authors state by hand is what a plain reader makes of them."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.naive_reader import read, told, truth_of
from worker.simulator.books import OFFER, TRANSACTION, Books
from worker.simulator.events import Event
from worker.simulator.histories import History
from worker.simulator.kinds import ALL, ASKED_REFILLS, KINDS, REFILLS, TOLD_REFILLS
from worker.simulator.oracle import judge
from worker.simulator.world import World

AMOUNT = "previous_financing_fee_discount_amount"
UNHEARD = ("lost_paydown", "lost_stacked", "midlife_paydown", "midlife_stacked")
DIGEST = "from tests.simulator.test_refill_histories import digest; print(digest(5))"


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=41, accounts=12 * len(REFILLS), kinds=REFILLS)


def of_kind(world: World, *kinds: str) -> list[History]:
    return [history for history in world.histories if history.kind in kinds]


def shown_by(event: Event) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(event.body)["data"]["object"]
    return entry


def times(history: History) -> dict[tuple[str, str], int]:
    """(offer, milestone) → second, of every offer event, sent or lost."""
    return {(event.subject or "", event.type.rpartition(".")[2]): event.created for event in history.events}


def pair(history: History) -> tuple[str, str]:
    """The original and the refill of a history with one of each."""
    assert history.truth
    refill = next(offer for offer, truth in history.truth.offers.items() if truth.original)
    return history.truth.offers[refill].original or "", refill


def digest(seed: int) -> str:
    """A fingerprint of all that a world of refills holds."""
    parts = []
    for history in World(seed=seed, accounts=40, kinds=REFILLS).histories:
        ids = (history.lost, history.expected.ids, history.expected.order, history.missed.ids)
        parts.append((history.states, history.truth, history.country_shown, [sorted(each) for each in ids]))
    return sha256(repr(parts).encode()).hexdigest()


@pytest.mark.parametrize("kind", REFILLS)
def test_what_is_expected_by_hand_is_what_a_plain_reader_tells(world: World, kind: str) -> None:
    histories = of_kind(world, kind)
    assert len(histories) >= 12
    for history in histories:
        assert judge(told(history), history.expected) == []
        assert history.expected.order


@pytest.mark.parametrize("kind", REFILLS)
def test_the_truth_by_hand_is_what_a_plain_reader_sees(world: World, kind: str) -> None:
    for history in of_kind(world, kind):
        assert history.truth == truth_of(history)


def test_the_same_seed_gives_the_same_histories_in_another_process() -> None:
    there = subprocess.run(
        [sys.executable, "-c", DIGEST],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parents[2],
    )
    assert there.stdout.strip() == digest(5)
    assert digest(6) != digest(5)


def test_every_kind_is_registered_under_the_name_its_histories_bear() -> None:
    world = World(seed=6, accounts=len(ALL), kinds=ALL)
    assert {history.kind for history in world.histories} == ALL.keys()
    assert TOLD_REFILLS.keys() | ASKED_REFILLS.keys() | KINDS.keys() == ALL.keys()


def test_every_kind_is_lived_only_where_refills_behave_like_that() -> None:
    world = World(seed=7, accounts=10 * len(ALL), kinds=ALL)
    assert all(history.country in ALL[history.kind].countries for history in world.histories)
    countries = {kind: {history.country for history in of_kind(world, kind)} for kind in ("paydown", "stacked")}
    assert countries == {"paydown": {"US", "AU"}, "stacked": {"GB", "FR", "DE"}}


def test_no_other_history_comes_between_the_financings_of_a_refill() -> None:
    world = World(seed=8, accounts=10 * len(ALL), kinds=ALL)
    lived: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for history in world.histories:
        lived[history.account, history.livemode].append(history.kind)
    assert all(len(kinds) == 1 for kinds in lived.values() if REFILLS.keys() & set(kinds))
    assert any(len(kinds) == 2 for kinds in lived.values())
    assert len({account for account, _ in lived}) < len(lived)


def test_truths_are_found_by_mode_and_account(world: World) -> None:
    assert len(world.truths) == len(world.histories)
    assert all(world.truths[history.livemode, history.account] == history.truth for history in world.histories)


def test_a_pay_down_pair_comes_in_either_order_and_often_in_one_second(world: World) -> None:
    gaps = set()
    for history in of_kind(world, "paydown", "paydown_repaid"):
        original, refill = pair(history)
        ends = [f"{event.subject}:{event.type.rpartition('.')[2]}" for event in history.events]
        first = ends.index(f"{original}:fully_repaid") < ends.index(f"{refill}:paid_out")
        at = times(history)
        gaps.add((first, at[original, "fully_repaid"] == at[refill, "paid_out"]))
    assert gaps == {(True, True), (True, False), (False, True), (False, False)}


def test_a_pay_down_discount_is_on_the_snapshot_of_the_payout_and_off_the_last_payment(world: World) -> None:
    for history in of_kind(world, "paydown"):
        original, refill = pair(history)
        offer = next(
            shown_by(event) for event in history.events if (event.subject, event.type[-8:]) == (refill, "paid_out")
        )
        amount = offer["accepted_terms"][AMOUNT]
        assert history.truth
        assert history.truth.offers[refill].discount_amount == amount > 0
        terms = read(history)[original].shown["accepted_terms"]
        assert paid_for(history, original) == terms["advance_amount"] + terms["fee_amount"] - amount


def paid_for(history: History, offer: str) -> int:
    transactions = [state.object for state in history.states if state.object["object"] == TRANSACTION]
    return sum(
        transaction["details"]["total_amount"]
        for transaction in transactions
        if transaction["financing_offer"] == offer and transaction["type"] == "payment"
    )


def test_a_pay_down_original_is_closed_by_a_transaction_with_reason_refill(world: World) -> None:
    for history in of_kind(world, "paydown", "paydown_named_by_transaction"):
        original, _ = pair(history)
        closing = [
            shown_by(event)["financing_offer"]
            for event in history.events
            if event.type == "capital.financing_transaction.created"
            and shown_by(event)["details"].get("reason") == "refill"
        ]
        assert closing == [original]


def test_a_stacked_original_ends_long_after_the_payout_and_is_paid_for_until_then(world: World) -> None:
    for history in of_kind(world, "stacked"):
        original, refill = pair(history)
        at = times(history)
        assert at[original, "fully_repaid"] - at[refill, "paid_out"] > 14 * 86_400
        payments = [
            event.created
            for event in history.events
            if event.type.endswith("transaction.created") and shown_by(event)["financing_offer"] == original
        ]
        assert max(payments) > at[refill, "paid_out"]


def test_no_event_brings_the_discount_of_an_open_stacked_refill(world: World) -> None:
    for history in of_kind(world, "stacked", "stacked_chain"):
        offers = [shown_by(event) for event in history.events if event.type.startswith("capital.financing_offer.")]
        assert all(offer.get("accepted_terms", {}).get(AMOUNT) is None for offer in offers)
        assert history.truth
        assert "settled" in {truth.discount_state for truth in history.truth.offers.values()}


def test_no_discount_is_offered_as_null_as_zero_and_not_at_all(world: World) -> None:
    rates = set()
    for history in of_kind(world, "stacked_repaid", "stacked_tied", "paydown_repaid"):
        _, refill = pair(history)
        rates.add(
            str(read(history)[refill].shown["offered_terms"].get("previous_financing_fee_discount_rate", "absent"))
        )
    assert rates == {"None", "0", "0.0", "absent"}


def test_a_tied_life_is_told_in_one_second_and_only_the_ids_say_which_is_the_older(world: World) -> None:
    for history in of_kind(world, "paydown_tied", "stacked_tied"):
        original, refill = pair(history)
        at = times(history)
        assert at[original, "created"] == at[refill, "created"] == at[refill, "paid_out"]
        assert original < refill


def test_ids_do_not_grow_with_time(world: World) -> None:
    pairs = [pair(history) for history in of_kind(world, "stacked", "paydown")]
    assert {original < refill for original, refill in pairs} == {True, False}


def test_of_rivals_exactly_one_pays_out_and_the_others_end_both_ways(world: World) -> None:
    ends: Counter[str] = Counter()
    for history in of_kind(world, "rivals"):
        assert history.truth
        statuses = Counter(truth.status for truth in history.truth.offers.values() if truth.original)
        assert statuses["paid_out"] == 1
        ends += statuses
    assert ends.keys() == {"paid_out", "expired", "accepted_other_offer"}


def test_a_countered_application_is_rejected_without_an_event(world: World) -> None:
    for history in of_kind(world, "refill_countered"):
        assert not any(event.type.endswith(".rejected") for event in history.events)
        offers = Books([history]).every(OFFER, livemode=history.livemode)
        assert [offer["status"] for offer in offers if "replacement" in offer] == ["rejected"]


def test_a_charge_off_has_no_event_but_a_time_that_the_api_shows(world: World) -> None:
    for history in of_kind(world, "charged_off"):
        original, _ = pair(history)
        shown = read(history)[original].shown
        assert (shown["status"], shown["charged_off_at"] > shown["status_transitions"]["paid_out_at"]) == (
            "paid_out",
            True,
        )
        assert not any("charged_off_at" in shown_by(event) for event in history.events)


def test_a_canceled_payout_is_reversed_and_sometimes_had_no_transaction(world: World) -> None:
    reversed_payouts = set()
    for history in of_kind(world, "refill_canceled_after_payout"):
        _, refill = pair(history)
        transactions = [state.object for state in history.states if state.object["object"] == TRANSACTION]
        mine = [transaction for transaction in transactions if transaction["financing_offer"] == refill]
        assert [transaction["type"] for transaction in mine] in ([], ["payout", "reversal"])
        reversed_payouts.add(len(mine))
    assert reversed_payouts == {0, 2}


def test_german_accounts_are_told_by_disclaimer_alone_or_by_country_alone(world: World) -> None:
    for history in of_kind(world, "by_disclaimer"):
        offers = [offer.shown for offer in read(history).values()]
        assert {offer.get("disclaimer_variant") for offer in offers} == {"youlend_de_financing"}
        assert not history.country_shown
    for history in of_kind(world, "by_country"):
        offers = [offer.shown for offer in read(history).values()]
        assert not any("disclaimer_variant" in offer for offer in offers)
        assert {offer["offered_terms"]["currency"] for offer in offers} == {"chf"}
        assert history.country_shown


def test_lost_events_happened_and_are_never_sent(world: World) -> None:
    sent = {event.id for event in world.events()}
    for history in world.histories:
        assert history.lost <= {event.id for event in history.events}
        assert not history.lost & sent
        assert bool(history.lost) == (history.kind in UNHEARD)


def test_an_account_deployed_mid_life_is_first_heard_of_after_the_acceptance(world: World) -> None:
    first = set()
    for history in of_kind(world, "midlife_paydown", "midlife_stacked"):
        offer_events = [event for event in history.sent if ".financing_offer." in event.type]
        first.add(offer_events[0].type.rpartition(".")[2])
        assert history.events[0].id in history.lost
    assert first == {"paid_out", "fully_repaid"}


def test_what_lost_transactions_would_tell_is_missed_and_not_expected(world: World) -> None:
    missed = [history for history in world.histories if history.missed.ids]
    assert {history.kind for history in missed} == {"midlife_paydown", "midlife_stacked"}
    for history in missed:
        lost = {event.subject for event in history.events if event.id in history.lost and "transaction" in event.type}
        assert {ce_id.split(":")[1] for ce_id in history.missed.ids} == lost
        assert not history.missed.ids & history.expected.ids
        assert history.missed.ids <= world.expected_with_the_lost.ids


def test_what_is_lost_of_an_offer_the_api_shows(world: World) -> None:
    for history in of_kind(world, *UNHEARD):
        shown = read(history)
        for event in history.events:
            if event.id in history.lost and ".financing_offer." in event.type:
                assert event.type.rpartition(".")[2] in shown[event.subject or ""].milestones


def test_order_within_subjects_names_no_two_offers(world: World) -> None:
    within = world.expected.within_subjects()
    assert within.ids == world.expected.ids
    assert within.order < world.expected.order
    assert all(first.split(":")[1] == second.split(":")[1] for first, second in within.order)
