"""The document of an account, from hand-made rows."""

import json

from worker.showing.assembling import document_of

from .rows import ACCOUNT, OFFER, OTHER, account, event, hold, live, offer, parked, passed_on, tables, told


def test_modes_stand_apart_live_first_and_an_empty_one_is_missing() -> None:
    rows = tables(
        account=[account(livemode=False), account()],
        event=[event(1, "financing_offer.created", livemode=False), event(2, "financing_offer.created")],
    )
    live_mode, test_mode = document_of(ACCOUNT, rows).modes
    assert (live_mode.mode, [arrival.id for arrival in live_mode.arrivals]) == ("live", ["evt_2"])
    assert (test_mode.mode, [arrival.id for arrival in test_mode.arrivals]) == ("test", ["evt_1"])
    assert [mode.mode for mode in document_of(ACCOUNT, tables(account=[account(livemode=False)])).modes] == ["test"]


def test_an_unknown_account_has_no_modes() -> None:
    assert document_of(ACCOUNT, tables(account=[])).modes == []


def test_an_account_whose_only_record_was_passed_on_is_known_by_it() -> None:
    mode = live(account=[], outbox=[passed_on(4, "events", partition=3)])
    assert (mode.partition, mode.last_sequence) == (3, 0)
    assert [arrival.copied_to for arrival in mode.arrivals] == [["events"]]


def test_what_the_account_row_says_is_in_the_document() -> None:
    row = account(
        sequence=7,
        country="GB",
        policy="stacked",
        policy_source="country",
        withheld_offer_id=OFFER,
        withhold_rate="0.1",
    )
    mode = live(account=[row])
    assert (mode.last_sequence, mode.country) == (7, "GB")
    assert mode.policy is not None
    assert (mode.policy.name, mode.policy.source) == ("stacked", "country")
    assert mode.withholding is not None
    assert (mode.withholding.offer, mode.withholding.rate) == (OFFER, "0.1")


def test_an_offer_has_its_terms_and_its_link() -> None:
    link = {
        "livemode": True,
        "refill": OFFER,
        "original": OTHER,
        "method": "only_candidate",
        "confidence": "inferred",
        "evidence": [],
        "revision": 1,
    }
    undecided = offer(accepted_advance_amount=None, accepted_fee_amount=None, accepted_withhold_rate=None)
    linked, other = live(offer=[undecided, offer(identity=OTHER)], refill_link=[link]).offers
    assert linked.offered_terms is not None
    assert linked.offered_terms.model_dump() == {
        "advance_amount": 100_000,
        "fee_amount": 10_000,
        "withhold_rate": "0.15",
    }
    assert linked.accepted_terms is None
    assert linked.link is not None
    assert linked.link.original == OTHER
    assert other.link is None


def test_a_quarantine_counts_what_waits_behind_it() -> None:
    quarantine = live(parked=[parked(1, "no number", b""), parked(2, None, b""), parked(3, None, b"")]).quarantine
    assert quarantine is not None
    assert (quarantine.event, quarantine.reason, quarantine.waiting) == ("evt_1", "no number", 2)


def test_json_has_rfc_3339_times_and_the_same_order_of_keys_each_time() -> None:
    rows = tables(event=[event(1, "financing_offer.created")], outbox=[told(1, 1, "created")], held=[hold("accepted")])
    text = document_of(ACCOUNT, rows).model_dump_json()
    assert text == document_of(ACCOUNT, rows).model_dump_json()
    mode = json.loads(text)["modes"][0]
    assert mode["arrivals"][0]["arrived_at"] == "2026-11-23T16:10:13Z"
    assert mode["held"][0]["until"] == "2026-11-23T16:11:12Z"
    assert list(mode)[:3] == ["mode", "partition", "last_sequence"]
