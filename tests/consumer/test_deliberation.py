from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.contract.batches import HOME, PARTITION, committed, decided, record, records
from tests.contract.fakes import Ledger, Tables
from tests.journeys.webhooks import TRANSACTION_EXAMPLE, offer_event
from worker.consumer import deliberation, letters
from worker.consumer.deliberation import Circumstances, Deliberation, Known
from worker.consumer.reading import Outcome, read
from worker.ports import Batch, Entry, Position, Record
from worker.rules.decide import decide
from worker.rules.state import AccountState
from worker.simulator.disorder import disordered
from worker.simulator.world import World

START = Position(PARTITION, 1, 0, 7)
AWAY = replace(HOME, home=lambda _account: PARTITION + 1)
BAD = {"created": "yesterday"}
TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def outcomes(taken: Sequence[Record], circumstances: Circumstances = HOME) -> tuple[dict[Outcome, int], Batch]:
    """What becomes of records in a lane that knows nothing yet."""
    made = Deliberation(START, Known({}), circumstances)
    for item in taken:
        made.take(read(item))
    return dict(made.outcomes), made.batch(taken[-1])


def ids(entries: Sequence[Entry]) -> list[str]:
    return [entry.id for entry in entries]


async def test_outbox_numbers_and_sequences_are_dense_over_many_batches() -> None:
    ledger, sequences, number = Ledger(Tables()), defaultdict[tuple[bool, str], int](int), 1
    world = World(seed=5, accounts=40)
    bodies = [event.body for event in disordered(world.events(), seed=5)]
    bodies[50:50] = [b"not JSON", offer_event("evt_bad", envelope=BAD)]
    position = await ledger.claim(PARTITION, "one", 0)
    for first in range(0, len(bodies), 30):
        batch = await committed(ledger, position, records(bodies[first : first + 30], first))
        for entry in batch.entries:
            assert entry.number == number
            number += 1
            if entry.destination == "notifications":
                sequences[entry.livemode, entry.account] += 1
                assert entry.sequence == sequences[entry.livemode, entry.account]
        taken = bodies[first : first + 30]
        assert (batch.after.next_offset, batch.after.next_number) == (first + len(taken), number)
        position = batch.after
    assert len(sequences) > len(world.accounts) // 2


def test_the_position_after_a_batch_is_behind_its_last_record_also_where_offsets_have_gaps() -> None:
    _, batch = outcomes([record(offer_event("evt_1"), 0), record(offer_event("evt_2"), 41)])
    assert batch.before == START
    assert (batch.after.epoch, batch.after.next_offset) == (START.epoch, 42)
    assert batch.after.next_number == START.next_number + len(batch.entries)


def test_a_repeat_in_the_same_batch_is_told_once_and_logged_each_time() -> None:
    event = offer_event("evt_1")
    counted, batch = outcomes(records([event, event, offer_event("evt_2"), event]))
    assert counted == {"applied": 4}
    assert ids(batch.entries) == ["live:financingoffer_acct_1:created"]
    assert [event.id for event in batch.events] == ["evt_1", "evt_1", "evt_2", "evt_1"]


def test_a_transaction_repeated_in_the_same_batch_is_recorded_once() -> None:
    event = TRANSACTION_EXAMPLE.encode()
    _, batch = outcomes(records([event, event, event.replace(b"evt_1", b"evt_2")]))
    assert ids(batch.entries) == ["live:cptxn_1:recorded"]
    assert [recorded.transaction.id for _, recorded in batch.transactions] == ["cptxn_1"]


def test_a_notification_names_the_record_that_released_it() -> None:
    _, batch = outcomes(records([offer_event("evt_2", "accepted", status="accepted"), offer_event("evt_1")]))
    for entry in batch.entries:
        assert (entry.record_offset, entry.causation_id, entry.time) == (1, "evt_1", record(b"", 1).timestamp)


def test_a_notification_is_in_the_trace_of_the_record_that_released_it_if_that_brought_one() -> None:
    brought = (("traceparent", TRACEPARENT.encode()),)
    taken = [record(offer_event("evt_1"), 0), record(offer_event("evt_2", "accepted", status="accepted"), 1, brought)]
    _, batch = outcomes(taken)
    assert {entry.causation_id: entry.traceparent for entry in batch.entries} == {"evt_1": None, "evt_2": TRACEPARENT}


def test_behind_a_quarantined_record_everything_of_its_account_is_parked_in_order_and_nobody_else_waits() -> None:
    taken = records(
        [
            offer_event("evt_0"),
            offer_event("evt_1", "accepted", envelope=BAD),
            offer_event("evt_2", "accepted", status="accepted"),
            offer_event("evt_3", account="acct_2"),
            offer_event("evt_4", "paid_out", envelope=BAD),
            offer_event("evt_5", envelope={"livemode": False}),
        ]
    )
    counted, batch = outcomes(taken)
    assert counted == {"applied": 3, "quarantined": 1, "parked": 2}
    assert [(parked.id, parked.reason is not None) for parked in batch.parked] == [
        ("evt_1", True),
        ("evt_2", False),
        ("evt_4", False),
    ]
    assert [parked.record for parked in batch.parked] == [taken[1], taken[2], taken[4]]
    assert ids([entry for entry in batch.entries if entry.destination == "notifications"]) == [
        "live:financingoffer_acct_1:created",
        "live:acct_1:attention:quarantined:acct_1",
        "live:financingoffer_acct_2:created",
        "test:financingoffer_acct_1:created",
    ]
    assert [state.quarantined for _, state in batch.accounts] == [True, False, False]


def test_a_dead_letter_has_the_record_s_bytes_and_says_why_and_where_from() -> None:
    headers = (("ce_id", b"evt_1"), ("twice", b"\x00\xff"), ("twice", b""))
    taken = [record(offer_event("evt_1", envelope=BAD), 3, headers), record(b"\xff", 4, headers), record(None, 5)]
    _, batch = outcomes(taken)
    written = [entry for entry in batch.entries if entry.destination == "dead_letters"]
    assert [entry.value for entry in written] == [taken[0].value, b"\xff", b""]
    for entry, came in zip(written, taken, strict=True):
        assert entry.headers is not None
        assert entry.headers[: len(came.headers)] == came.headers
        told = dict(entry.headers)
        assert told["capital_reason"]
        assert told["capital_topic"] == b"events"
        assert told["capital_offset"] == str(came.offset).encode()
        assert entry.sequence is None


def test_a_record_on_another_account_s_partition_is_sent_home_untouched_and_changes_nothing_here() -> None:
    came = record(offer_event("evt_1"), 0, (("ce_id", b"evt_1"),), key=b"acct_other")
    counted, batch = outcomes([came], AWAY)
    assert counted == {"misrouted": 1}
    (entry,) = batch.entries
    assert (entry.destination, entry.key, entry.value) == ("events", b"acct_1", came.value)
    assert entry.headers == (("ce_id", b"evt_1"), (letters.FORWARDED, b"0:0"))
    assert not [*batch.accounts, *batch.events, *batch.parked]


def test_an_invalid_record_on_another_account_s_partition_is_sent_home_to_be_quarantined_there() -> None:
    counted, batch = outcomes([record(offer_event("evt_1", envelope=BAD), 0)], AWAY)
    assert counted == {"misrouted": 1}
    assert [entry.destination for entry in batch.entries] == ["events"]
    assert not [*batch.accounts, *batch.parked]


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param(offer_event("evt_1"), ((letters.FORWARDED, b"1:5"),), id="already-sent-home-once"),
        pytest.param(offer_event("evt_1", metadata="x" * letters.LARGEST_FORWARDED), (), id="too-large-to-be-sent"),
    ],
)
def test_a_record_that_cannot_be_sent_home_is_dead_lettered_and_never_goes_round_for_ever(
    value: bytes, headers: tuple[tuple[str, bytes], ...]
) -> None:
    counted, batch = outcomes([record(value, 0, headers)], AWAY)
    assert counted == {"misrouted": 1}
    assert [entry.destination for entry in batch.entries] == ["dead_letters"]
    assert not batch.accounts


def test_a_record_of_a_type_that_is_not_capital_s_only_moves_the_position() -> None:
    counted, batch = outcomes([record(offer_event("evt_1", envelope={"type": "charge.succeeded"}), 8)])
    assert counted == {"foreign": 1}
    assert not [*batch.entries, *batch.accounts, *batch.events]
    assert batch.after.next_offset == 9


def test_a_bug_in_the_rules_stops_one_account_and_changes_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(state: object, fact: object, *more: object) -> object:
        if getattr(getattr(fact, "snapshot", None), "offer", None) == "financingoffer_acct_1":
            raise ZeroDivisionError("secret data")
        return decide(state, fact, *more)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(deliberation, "decide", failing)
    counted, batch = outcomes(records([offer_event("evt_1"), offer_event("evt_2", account="acct_2")]))
    assert counted == {"quarantined": 1, "applied": 1}
    (parked,) = batch.parked
    assert parked.reason == "the rules failed: ZeroDivisionError"
    assert "live:financingoffer_acct_2:created" in ids(batch.entries)
    assert [event.id for event in batch.events] == ["evt_2"]


def test_an_account_on_which_the_rules_fail_whatever_comes_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(state: AccountState, *more: object) -> object:
        if state.account == "acct_1":
            raise ZeroDivisionError("secret data")
        return decide(state, *more)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(deliberation, "decide", failing)
    counted, batch = outcomes(records([offer_event("evt_1"), offer_event("evt_2"), offer_event("evt_3", account="a")]))
    assert counted == {"quarantined": 1, "parked": 1, "applied": 1}
    assert [(parked.id, parked.reason) for parked in batch.parked] == [
        ("evt_1", "the rules failed: ZeroDivisionError"),
        ("evt_2", None),
    ]
    assert {state.account: state.quarantined for _, state in batch.accounts} == {"acct_1": True, "a": False}
    assert [entry.destination for entry in batch.entries] == ["dead_letters", "notifications"]


async def test_the_same_records_give_the_same_entries_however_they_are_cut_into_batches() -> None:
    bodies = [event.body for event in disordered(World(seed=6, accounts=30).events(), seed=6)]
    bodies[40:40] = [offer_event("evt_bad", account="acct_bad", envelope=BAD), b"not JSON"]

    async def entries(size: int) -> list[Entry]:
        ledger, made = Ledger(Tables()), list[Entry]()
        position = await ledger.claim(PARTITION, "one", 0)
        for first in range(0, len(bodies), size):
            batch = await committed(ledger, position, records(bodies[first : first + size], first))
            position = batch.after
            made += batch.entries
        return made

    at_once = await entries(len(bodies))
    assert await entries(1) == at_once
    assert await entries(7) == at_once


async def test_what_is_decided_depends_on_nothing_but_state_and_records() -> None:
    bodies = [event.body for event in World(seed=8, accounts=20).events()]
    ledger = Ledger(Tables())
    position = await ledger.claim(PARTITION, "one", 0)
    assert await decided(ledger, position, records(bodies)) == await decided(ledger, position, records(bodies))
