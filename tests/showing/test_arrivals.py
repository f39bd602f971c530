"""What came of each record, from hand-made rows."""

import json

from .rows import OFFER, OTHER, arrivals, at, event, hold, offer, parked, passed_on, told


def test_records_stand_in_the_order_of_their_offsets_not_of_their_clocks() -> None:
    rows = [event(1, "financing_offer.created", arrived_at=at(9)), event(2, "financing_offer.accepted")]
    assert [arrival.id for arrival in arrivals(event=rows)] == ["evt_1", "evt_2"]


def test_a_record_has_what_it_released_in_order() -> None:
    (arrival,) = arrivals(
        event=[event(1, "financing_offer.created")], outbox=[told(1, 1, "created"), told(2, 1, "accepted")]
    )
    assert [(released.sequence, released.type) for released in arrival.released] == [
        (1, "capital.offer.created.v1"),
        (2, "capital.offer.accepted.v1"),
    ]
    assert arrival.unreleased == []


def test_repeats_are_counted_with_the_first_arrival() -> None:
    (arrival,) = arrivals(event=[event(1, "financing_offer.created", repeats=2)])
    assert arrival.times == 3


def test_a_milestone_that_waits_is_held_with_what_it_waits_for() -> None:
    (arrival,) = arrivals(
        event=[event(1, "financing_offer.paid_out")], held=[hold("paid_out", f"{OFFER}:created", f"{OFFER}:accepted")]
    )
    (held,) = arrival.unreleased
    assert (held.state, held.step, held.waiting_for) == ("held", "paid_out", [f"{OFFER}:created", f"{OFFER}:accepted"])


def test_a_milestone_that_waited_names_who_released_it_and_there_how_long_it_waited() -> None:
    accepted, created = arrivals(
        event=[event(1, "financing_offer.accepted"), event(13, "financing_offer.created")],
        outbox=[told(1, 13, "created"), told(2, 13, "accepted")],
    )
    (later,) = accepted.unreleased
    assert (later.state, later.sequence, later.released_by) == ("released_later", 2, "evt_13")
    assert [released.waited_seconds for released in created.released] == [None, 12]


def test_a_repetition_under_another_id_says_what_was_released_before() -> None:
    first, twin = arrivals(
        event=[event(1, "financing_offer.created"), event(2, "financing_offer.created")], outbox=[told(1, 1, "created")]
    )
    assert first.unreleased == []
    (before,) = twin.unreleased
    assert (before.state, before.sequence, before.released_by) == ("released_before", 1, "evt_1")
    assert first.released[0].waited_seconds is None


def test_a_replacement_tells_of_both_offers() -> None:
    (arrival,) = arrivals(
        event=[event(1, "financing_offer.replacement_created")],
        outbox=[told(1, 1, "created")],
        held=[hold("replaced", f"{OTHER}:created", offer=OTHER)],
        offer=[offer(replacement_for=OTHER)],
    )
    assert [released.id for released in arrival.released] == [f"live:{OFFER}:created"]
    assert [(left.subject, left.step, left.state) for left in arrival.unreleased] == [(OTHER, "replaced", "held")]


def test_a_transaction_and_a_line_of_credit_are_told_once() -> None:
    recorded = told(1, 1, "x", id="live:cptxn_1:recorded", type="capital.transaction.recorded.v1", subject="cptxn_1")
    updated = told(2, 3, "x", id="live:evt_3:line_of_credit", type="capital.line_of_credit.updated.v1")
    one, again, line = arrivals(
        event=[
            event(1, "financing_transaction.created", "cptxn_1"),
            event(2, "financing_transaction.created", "cptxn_1"),
            event(3, "financing_summary.line_of_credit_update", None),
        ],
        outbox=[recorded, updated],
    )
    assert [len(arrival.released) for arrival in (one, again, line)] == [1, 0, 1]
    assert [left.state for left in again.unreleased] == ["released_before"]
    assert line.unreleased == []


def test_what_is_neither_held_nor_released_is_not_released() -> None:
    (arrival,) = arrivals(event=[event(1, "financing_offer.created")])
    assert [left.state for left in arrival.unreleased] == ["not_released"]


def test_an_unknown_type_tells_of_nothing() -> None:
    (arrival,) = arrivals(event=[event(1, "financing_offer.teleported")])
    assert (arrival.released, arrival.unreleased) == ([], [])


def test_an_answer_of_stripes_api_has_what_it_says_and_what_it_released() -> None:
    said = {"offer": OFFER, "shown": {"status": "accepted"}}
    body = json.dumps({"data": {"object": said}}).encode()
    rows = {"event": [event(1, "observation.offer", body=body)], "outbox": [told(1, 1, "accepted")]}
    (arrival,) = arrivals(**rows)
    assert arrival.said == said
    assert [released.id for released in arrival.released] == [f"live:{OFFER}:accepted"]


def test_what_a_redrive_released_stands_with_its_own_record_and_says_so() -> None:
    redriven, _ = arrivals(
        event=[event(1, "financing_offer.created"), event(9, "command.redrive", None)],
        outbox=[told(2, 9, "created", causation_id="evt_1")],
    )
    assert [(released.sequence, released.redriven) for released in redriven.released] == [(2, True)]


def test_a_quarantined_record_has_its_reason_and_those_behind_it_wait() -> None:
    body = {
        "id": "evt_1",
        "type": "capital.financing_offer.paid_out",
        "livemode": True,
        "created": 1_746_599_294,
        "data": {"object": {"id": OFFER, "account": "acct_1"}},
    }
    quarantined, behind = arrivals(
        parked=[parked(1, "the amount is no number", json.dumps(body).encode()), parked(2, None, b"{}")],
        outbox=[passed_on(1, "dead_letters")],
    )
    assert (quarantined.state, quarantined.reason) == ("quarantined", "the amount is no number")
    assert (quarantined.type, quarantined.object) == ("capital.financing_offer.paid_out", OFFER)
    assert quarantined.created_at is not None
    assert quarantined.copied_to == ["dead_letters"]
    assert (behind.state, behind.type, behind.created_at) == ("parked", None, None)


def test_a_cause_that_is_in_no_table_still_shows_what_it_released() -> None:
    first, command = arrivals(
        event=[event(1, "financing_offer.teleported")], outbox=[told(1, 5, "created", causation_id="redrive-1")]
    )
    assert first.released == []
    assert (command.id, command.state, command.type, command.arrived_at) == ("redrive-1", "not_logged", None, at(5))
    assert [released.sequence for released in command.released] == [1]


def test_of_two_records_with_one_id_each_has_what_came_after_it() -> None:
    rows = [event(1, "financing_offer.created", id="evt_x"), event(7, "financing_offer.expired", id="evt_x")]
    first, second = arrivals(
        event=rows,
        outbox=[told(1, 1, "created", causation_id="evt_x"), told(2, 7, "expired", causation_id="evt_x")],
    )
    assert [released.sequence for released in first.released] == [1]
    assert [released.sequence for released in second.released] == [2]


def test_what_was_taken_in_silence_waits_for_no_notification() -> None:
    silent, held = arrivals(
        event=[event(1, "financing_offer.created", quiet=True), event(2, "financing_offer.paid_out", quiet=True)],
        held=[hold("paid_out", f"{OFFER}:accepted")],
    )
    assert (silent.quiet, silent.unreleased) == (True, [])
    assert [waiting.state for waiting in held.unreleased] == ["held"]
