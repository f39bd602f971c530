"""What counts as drift between an offer as it is known and as Stripe shows it."""

import pytest

from tests.rules.records import Lane, event, observation, offer
from worker.consumer.drift import Drift, Kind, ShownOffer, drift_of
from worker.rules.milestones import Milestone
from worker.rules.state import Offer

M = Milestone
ACCEPTED = {"advance_amount": 90_000, "fee_amount": 9_000, "currency": "usd", "withhold_rate": 0.15}
AMOUNT = "accepted_terms.previous_financing_fee_discount_amount"


def known(*steps: tuple[str, str], **changes: object) -> Offer:
    """An offer of which events told these (milestone, status)."""
    lane = Lane()
    for milestone, status in steps:
        terms = None if status in {"undelivered", "delivered"} else ACCEPTED
        shown = offer(**{"status": status, "accepted_terms": terms, **changes})
        lane.take(event(f"financing_offer.{milestone}", shown))
    return lane.states[True, "acct_1"].offers["financingoffer_1"]


def shown(status: str, **changes: object) -> ShownOffer:
    terms = None if status in {"undelivered", "delivered"} else ACCEPTED
    read = ShownOffer.of(offer(**{"status": status, "accepted_terms": terms, **changes}))
    assert read is not None
    return read


def kinds(drift: Drift | None) -> set[Kind]:
    return set() if drift is None else set(drift.kinds)


CREATED, ACCEPTED_, PAID_OUT = ("created", "undelivered"), ("accepted", "accepted"), ("paid_out", "paid_out")
REPAID = ("fully_repaid", "fully_repaid")


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([CREATED], "undelivered"),
        ([CREATED], "delivered"),
        ([CREATED, ACCEPTED_], "accepted"),
        ([CREATED, ACCEPTED_, PAID_OUT], "paid_out"),
        ([CREATED, ACCEPTED_, PAID_OUT, REPAID], "fully_repaid"),
        ([CREATED, ACCEPTED_, PAID_OUT, REPAID], "completed"),
        ([CREATED, ("expired", "expired")], "expired"),
        ([CREATED, ("accepted_other_offer", "delivered")], "delivered"),
        ([CREATED], "a word of tomorrow"),
    ],
)
def test_what_is_known_as_it_is_shown_has_not_drifted(steps: list[tuple[str, str]], status: str) -> None:
    terms = {"accepted_terms": None} if status in {"expired", "a word of tomorrow"} else {}
    assert drift_of(known(*steps, **terms), shown(status, **terms)) is None


def test_an_offer_of_which_nothing_came_is_unknown_and_all_that_it_proves_is_missed() -> None:
    drift = drift_of(None, shown("paid_out"))
    assert drift == Drift(("unknown_offer",), (M.CREATED, M.ACCEPTED, M.PAID_OUT), here=None, stripe="paid_out")
    assert drift.repairable


def test_an_offer_that_only_a_survey_showed_is_unknown_too() -> None:
    lane = Lane()
    survey = {"due": 0, "survey": "s", "chunk": 1, "of": 1, "country": "US", "offers": [offer(status="paid_out")]}
    lane.take(observation("survey", survey))
    found = lane.states[True, "acct_1"].offers["financingoffer_1"]
    assert kinds(drift_of(found, shown("paid_out"))) == {"unknown_offer"}


def test_what_stripe_proves_and_nobody_told_was_missed() -> None:
    drift = drift_of(known(CREATED, ACCEPTED_), shown("fully_repaid"))
    assert drift == Drift(("missed",), (M.PAID_OUT, M.FULLY_REPAID), here="accepted", stripe="fully_repaid")


def test_what_is_known_and_waits_was_not_missed() -> None:
    waiting = known(PAID_OUT)
    assert waiting.status is None
    assert drift_of(waiting, shown("paid_out")).missed == (M.CREATED, M.ACCEPTED)  # type: ignore[union-attr]
    assert drift_of(known(CREATED, ACCEPTED_, PAID_OUT), shown("paid_out")) is None


def test_a_charge_off_that_no_event_tells_is_found() -> None:
    drift = drift_of(known(CREATED, ACCEPTED_, PAID_OUT), shown("paid_out", charged_off_at=9_000))
    assert kinds(drift) == {"charged_off"}


def test_a_discount_known_there_and_not_here_is_found() -> None:
    refill = {"product_type": "refill"}
    terms = ACCEPTED | {"previous_financing_fee_discount_amount": 500}
    here = known(CREATED, ACCEPTED_, PAID_OUT, **refill)
    drift = drift_of(here, shown("paid_out", **refill, accepted_terms=terms))
    assert drift is not None
    assert (drift.kinds, drift.fields) == (("discount",), (AMOUNT,))


def test_other_terms_than_here_are_found_but_the_same_in_another_spelling_are_not() -> None:
    here = known(CREATED, ACCEPTED_)
    same = ACCEPTED | {"withhold_rate": "0.150"}
    assert drift_of(here, shown("accepted", accepted_terms=same)) is None
    drift = drift_of(here, shown("accepted", accepted_terms=ACCEPTED | {"advance_amount": 80_000}))
    assert drift is not None
    assert (drift.kinds, drift.fields) == (("terms",), ("accepted_terms.advance_amount",))


@pytest.mark.parametrize(
    ("step", "status"), [(PAID_OUT, "accepted"), (REPAID, "paid_out"), (("canceled", "canceled"), "paid_out")]
)
def test_more_told_than_stripe_shows_is_found_and_nothing_can_take_it_back(step: tuple[str, str], status: str) -> None:
    steps = [CREATED, ACCEPTED_, PAID_OUT, step] if step[0] == "fully_repaid" else [CREATED, ACCEPTED_, step]
    here = known(*steps) if status == "accepted" else known(*steps, PAID_OUT)
    drift = drift_of(here, shown(status))
    assert drift is not None
    assert drift.kinds == ("ahead",)
    assert not drift.repairable


@pytest.mark.parametrize("told", [("rejected", "rejected"), ("replaced", "replaced")])
def test_a_counter_offer_is_no_drift_whichever_word_stripe_keeps_for_it(told: tuple[str, str]) -> None:
    assert kinds(drift_of(known(CREATED, ACCEPTED_, told), shown("rejected"))) <= {"missed"}


def test_an_observation_of_what_drifted_leaves_no_drift() -> None:
    lane = Lane()
    lane.take(event("financing_offer.created", offer()))
    stripe = offer(status="fully_repaid", accepted_terms=ACCEPTED, charged_off_at=8_000)
    read = ShownOffer.of(stripe)
    assert read is not None
    assert drift_of(lane.states[True, "acct_1"].offers["financingoffer_1"], read) is not None
    lane.take(observation("offer", {"due": 0, "offer": stripe["id"], "shown": stripe, "announces": True}))
    assert drift_of(lane.states[True, "acct_1"].offers["financingoffer_1"], read) is None


def test_what_cannot_be_read_is_said_to_be_so() -> None:
    assert ShownOffer.of(offer(created="yesterday")) is None
    assert not Drift(("unreadable",)).repairable


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 1_000),
        ({"status_transitions": {"paid_out_at": 3_000, "accepted_at": 2_000}}, 3_000),
        ({"status_transitions": {"paid_out_at": 3_000}, "charged_off_at": 4_000}, 4_000),
        ({"created": None}, 0),
    ],
)
def test_an_offer_changed_when_anything_last_happened_to_it(changes: dict[str, object], expected: int) -> None:

    assert shown("paid_out", **changes).changed_at == expected


def test_a_time_that_is_shown_proves_its_milestone_though_the_status_names_another() -> None:
    lane = Lane()
    lane.take(event("financing_offer.created", offer()))
    times = {"accepted_at": 2_000, "paid_out_at": 3_000, "canceled_at": 4_000}
    stripe = offer(status="canceled", accepted_terms=ACCEPTED, status_transitions=times)
    read = ShownOffer.of(stripe)
    assert read is not None
    drift = drift_of(lane.states[True, "acct_1"].offers["financingoffer_1"], read)
    assert drift is not None
    assert drift.missed == (M.ACCEPTED, M.PAID_OUT, M.CANCELED)
    lane.take(observation("offer", {"due": 0, "offer": stripe["id"], "shown": stripe}))
    told = [told for told in lane.told if "financingoffer_1:" in told and "attention" not in told]
    assert told == [f"live:financingoffer_1:{step}" for step in ("created", "accepted", "paid_out", "canceled")]


def test_with_a_missed_milestone_the_terms_that_it_would_have_shown_are_no_drift_of_their_own() -> None:
    drift = drift_of(known(CREATED), shown("accepted"))
    assert drift is not None
    assert (drift.kinds, drift.fields) == (("missed",), ())
