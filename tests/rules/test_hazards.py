"""The twenty hazards of Stripe Capital's webhooks, one by one: what arrives, and what downstream hears of it."""

from itertools import permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import AMOUNT, Life, discounted, transaction
from tests.rules.records import Lane, event, observation, offer
from worker.rules.milestones import Milestone
from worker.rules.state import Link

M = Milestone
DAY = 86_400_000
A = Life("A")
B = Life("B", "refill", 2_000, rate="0.2", discount_rate="0.5")
UK_A = Life("A", currency="gbp")
UK_B = Life("B", "refill", 2_000, "gbp", rate="0.2", discount_rate="0.5")
UK_C = Life("C", "refill", 3_000, "gbp", rate="0.25", discount_rate="0")
REPAID_UK_A = UK_A.event(M.FULLY_REPAID, 90_000)


def test_hazard_01_a_stacked_original_stays_open_beside_its_paid_out_refill_until_it_is_repaid() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded())
    account.survey(UK_A.observed("paid_out", id="obs_A"), UK_B.observed("paid_out", id="obs_B"), country="GB")
    account.hear(transaction("cptxn_later"), at=200 * DAY)
    assert account.active() == ["A", "B"]
    assert account.status("A") is M.PAID_OUT
    assert account.withheld() == ("A", "0.2")
    assert account.due("offer", "A") is None

    told = account.hear(REPAID_UK_A, at=200 * DAY)
    assert told[0] == "A:fully_repaid"
    assert account.active() == ["B"]
    assert account.withheld() == ("B", "0.2")


@pytest.mark.parametrize("original_first", [True, False])
def test_hazard_02_under_pay_down_the_original_ends_before_the_refill_is_paid_out_in_the_same_second(
    original_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    account = Account()
    account.hear(*A.funded(), *B.events(M.CREATED, M.ACCEPTED))
    ending, payout = A.event(M.FULLY_REPAID, 2_200), B.event(M.PAID_OUT, 2_200)
    told = account.hear(*((ending, payout) if original_first else (payout, ending)))
    told = [milestone for milestone in told if milestone in {"A:fully_repaid", "B:paid_out"}]
    assert told == ["A:fully_repaid", "B:paid_out"]
    assert account.release("B:paid_out").gap == ()
    assert account.withheld() == ("B", "0.2")


def test_hazard_03_a_late_old_snapshot_does_not_erase_the_discount() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), REPAID_UK_A)
    assert account.discount("B") == "pending"
    told = account.show("B", discounted(UK_B.observed("paid_out"), 500))
    assert told == ["B:discount_settled"]
    # An older snapshot, one that shows null, and one that shows the amount again.
    account.hear(UK_B.event(M.ACCEPTED, 2_100, id="evt_again"))
    account.hear(discounted(UK_B.event(M.PAID_OUT, 2_200, id="evt_payout_again"), 500))
    assert account.discount("B") == "settled"
    assert account.offer("B").number(AMOUNT) == 500
    assert account.told.count("B:discount_settled") == 1


def test_hazard_04_an_acceptance_that_arrives_after_the_payout_was_told_does_not_lower_the_status() -> None:
    account = Account()
    account.hear(A.event(M.PAID_OUT, 1_200, accepted=False, status="a word of tomorrow"))
    account.wait_in_vain("A")
    assert account.release("A:paid_out").gap == ("A:accepted",)
    assert account.hear(A.event(M.ACCEPTED, 1_100)) == ["A:accepted"]
    assert account.release("A:accepted").late
    assert account.status("A") is M.PAID_OUT
    assert account.hear(A.event(M.CREATED, 1_000)) == [], "it was implied by the payout's own snapshot"
    assert account.status("A") is M.PAID_OUT


def test_hazard_05_a_payout_that_is_the_first_event_seen_waits_and_then_implies_what_must_have_been() -> None:
    account = Account()
    assert account.hear(A.event(M.PAID_OUT, 1_200)) == []
    account.fail("offer", "A")
    account.fail("offer", "A")
    assert account.fail("offer", "A")[:3] == ["A:created", "A:accepted", "A:paid_out"]
    implied = account.release("A:accepted")
    assert (implied.basis, implied.occurred_at, implied.late) == ("implied", None, False)
    assert account.release("A:paid_out").basis == "event"
    assert account.release("A:paid_out").gap == ()
    assert account.attention() == []


def test_hazard_06_two_events_of_one_type_about_one_offer_tell_it_once() -> None:
    account = Account()
    account.hear(*A.funded())
    before = account.state.sequence
    assert account.hear(*(A.event(each, 1_300, id=f"evt_twin_{each}") for each in (M.CREATED, M.PAID_OUT))) == []
    assert account.state.sequence == before
    assert account.release("A:paid_out").occurred_at == 1_200


def test_hazard_07_repeats_change_nothing_and_of_two_amounts_the_earlier_events_stays() -> None:
    account = Account()
    account.hear(*A.funded(), transaction())
    state = account.state
    assert account.hear(*A.funded(), transaction()) == []
    assert account.state == state

    earlier = transaction(total_amount=999)
    earlier = type(earlier)(earlier.transaction, earlier.created - 1, "evt_earlier")
    assert account.hear(earlier) == ["attention:conflict:cptxn_1"]
    assert account.state.transactions["cptxn_1"] == earlier
    assert account.hear(transaction(), earlier) == []
    assert account.state.transactions["cptxn_1"] == earlier


def test_hazard_08_of_several_refills_offered_for_one_original_one_pays_out_and_all_are_linked_to_it() -> None:
    account = Account()
    second = Life("C", "refill", 2_050, rate="0.3")
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), second.event(M.CREATED, 2_050))
    account.hear(B.event(M.ACCEPTED, 2_100), second.event(M.ACCEPTED_OTHER_OFFER, 2_101))
    account.hear(A.event(M.FULLY_REPAID, 2_200), B.event(M.PAID_OUT, 2_200))
    assert [account.offer(refill).link_told for refill in "BC"] == [Link("A", "only_candidate", "inferred")] * 2
    assert account.status("C") is M.ACCEPTED_OTHER_OFFER
    assert account.active() == ["B"]
    assert account.attention() == []


def test_hazard_09_a_chain_of_stacked_refills_is_repaid_first_in_first_out() -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.funded(), *UK_C.funded())
    # C was offered while A and B were open: the latest paid out is taken, and a person is told of the doubt.
    assert account.link("B") == Link("A", "only_candidate", "inferred")
    assert account.link("C") == Link("B", "latest_candidate", "ambiguous")
    assert account.withheld() == ("A", "0.25")
    told = account.hear(UK_C.event(M.FULLY_REPAID, 99_000), UK_B.event(M.FULLY_REPAID, 98_000), REPAID_UK_A)
    repaid = [told for told in told if told.endswith(":fully_repaid")]
    assert repaid == ["A:fully_repaid", "B:fully_repaid", "C:fully_repaid"]
    assert account.withheld() is None


@pytest.mark.parametrize("end", [M.REJECTED, M.CANCELED])
def test_hazard_10_the_rate_of_a_refill_that_comes_to_nothing_is_undone(end: Milestone) -> None:
    account = Account()
    account.hear(*UK_A.funded(), *UK_B.events(M.CREATED, M.ACCEPTED))
    account.hear(UK_B.event(end, 2_150))
    assert account.withholdings() == [("A", "0.15"), ("A", "0.2"), ("A", "0.15")]


def test_hazard_11_a_cancellation_after_the_payout_ends_the_financing_and_asks_a_person_to_look() -> None:
    account = Account()
    account.hear(*A.funded(), A.event(M.CANCELED, 1_300))
    assert account.status("A") is M.CANCELED
    assert account.attention() == [("canceled_after_payout", "A")]
    assert account.active() == []
    assert account.withholdings() == [("A", "0.15"), None]


def test_hazard_12_a_replacement_inherits_the_link_of_the_refill_it_replaces() -> None:
    account = Account()
    account.hear(*UK_A.funded(), UK_B.event(M.CREATED, 2_000))
    # When the replacement is made, another financing is the latest paid out: what counts is what B was offered for.
    account.hear(*Life("D", created=2_100, currency="gbp").funded())
    replacement = UK_B.with_(id="E", created=2_500, replacement_for="B")
    account.hear(replacement.event(M.CREATED, 2_500, replaces=True))
    assert account.link("E") == Link("A", "inherited", "inferred")
    assert account.status("B") is M.REPLACED


@pytest.mark.parametrize("order", list(permutations([M.CREATED, M.ACCEPTED, M.EXPIRED])))
def test_hazard_13_an_offer_accepted_near_its_deadline_stays_accepted_whatever_expires(
    order: tuple[Milestone, ...],
) -> None:
    account = Account()
    account.hear(*(A.event(milestone, 1_500) for milestone in order))
    assert sorted(account.told) == ["A:accepted", "A:created", "A:expired"]
    assert account.status("A") is M.ACCEPTED
    assert account.attention() == []


def test_hazard_14_live_and_test_share_nothing_though_the_account_is_the_same() -> None:
    lane = Lane()
    lane.take(
        event("financing_offer.created", offer()),
        event("financing_offer.created", offer(), id="evt_test", livemode=False),
        event("financing_offer.accepted", offer(status="accepted"), id="evt_2", livemode=False),
    )
    assert lane.told == [
        "live:financingoffer_1:created",
        "test:financingoffer_1:created",
        "test:financingoffer_1:accepted",
    ]
    assert lane.states[True, "acct_1"].sequence == 1
    assert lane.states[False, "acct_1"].sequence == 2


def test_hazard_15_an_event_of_two_accounts_is_dead_lettered_and_parks_neither() -> None:
    lane = Lane()
    lane.take(
        event("financing_offer.created", offer(), account="acct_2"),
        event("financing_offer.created", offer(account="acct_2"), account="acct_2"),
        event("financing_offer.created", offer(id="financingoffer_2")),
    )
    assert lane.unattributable == ["the event names two accounts"]
    assert lane.told == ["live:financingoffer_1:created", "live:financingoffer_2:created"]


def test_hazard_16_another_name_for_created_absent_and_unknown_fields_statuses_and_types_break_nothing() -> None:
    lane = Lane()
    shown = offer(created=None, created_at=1_000, product_type=None, status="marinated", flavour={"of": "tomorrow"})
    assert "disclaimer_variant" not in shown
    lane.take(
        event("financing_offer.created", shown, api_version="2023-10-16; risk_in_requirements_beta=v1"),
        event("financing_offer.marinated", shown, id="evt_2"),
        event("something.else", {"account": "acct_1", "oddity": [None]}, id="evt_3"),
    )
    assert (lane.invalid, lane.unattributable, lane.foreign) == ([], [], [])
    assert lane.told == ["live:financingoffer_1:created"]
    data = lane.data["live:financingoffer_1:created"]
    assert data["offer"]["created_at"] == "1970-01-01T00:16:40Z"
    assert data["offer"]["product_type"] is None
    assert data["offer"]["offered_terms"]["advance_amount"] == 100_000
    assert data["messaging"]["disclaimer_variant"] is None
    assert data["policy"] == {"name": "paydown", "source": "currency"}


def test_hazard_17_a_deauthorised_account_answers_nothing_and_holds_nothing_for_ever() -> None:
    lane = Lane()
    refill = offer(product_type="refill", status="paid_out", accepted_terms={"advance_amount": 1})
    lane.take(event("financing_offer.paid_out", refill))
    for number in range(3):
        due = lane.states[True, "acct_1"].offers["financingoffer_1"].holds[M.PAID_OUT].due
        lane.take(
            observation("offer", {"due": due, "offer": "financingoffer_1", "shown": None}, id=f"obs_{number}"),
        )
    assert lane.told == ["live:financingoffer_1:created", "live:financingoffer_1:accepted"]
    due = lane.states[True, "acct_1"].survey_due
    lane.take(
        observation("survey", {"survey": "s", "due": due, "chunk": 1, "of": 1, "country": None, "offers": []}),
    )
    assert "live:financingoffer_1:paid_out" in lane.told
    assert "live:acct_1:attention:unresolved_link:financingoffer_1" in lane.told
    due = lane.states[True, "acct_1"].summary_due
    lane.take(observation("summary", {"due": due, "shown": None}, id="obs_summary"))
    assert lane.states[True, "acct_1"].summary_due is None


def test_hazard_18_an_answer_newer_than_the_events_behind_it_is_kept_and_nothing_is_told_twice() -> None:
    account = Account()
    account.hear(A.event(M.PAID_OUT, 1_200))
    told = account.show("A", A.observed("fully_repaid", offered_terms__campaign_type="repeat_user"))
    assert [told for told in told if told.startswith("A:")] == [
        "A:created",
        "A:accepted",
        "A:paid_out",
        "A:fully_repaid",
    ]
    assert account.release("A:fully_repaid").basis == "api"
    older = A.event(M.ACCEPTED, 1_100, offered_terms__campaign_type="newly_eligible_user")
    assert account.hear(older, A.event(M.FULLY_REPAID, 3_000), A.event(M.CREATED, 1_000)) == []
    assert account.status("A") is M.FULLY_REPAID
    assert account.offer("A").text("offered_terms.campaign_type") == "repeat_user"


def test_hazard_19_a_charge_off_that_no_event_tells_ends_the_original_and_its_refill_is_paid_out() -> None:
    account = Account()
    account.hear(*A.funded(), *B.funded())
    assert account.status("B") is M.ACCEPTED
    told = account.show("A", A.observed("paid_out", charged_off_at=2_150))
    assert told[0] == "attention:charged_off:A"
    assert "B:paid_out" in told
    assert account.release("B:paid_out").gap == ()
    assert account.active() == ["B"]


def test_hazard_20_several_draws_are_active_at_once_in_the_us_too() -> None:
    account = Account()
    first, second = (Life(name, created=1_000 + number) for number, name in enumerate("PQ"))
    account.hear(*second.funded(), *first.funded())
    assert account.active() == ["P", "Q"]
    assert account.withheld() == ("P", "0.15")
    account.hear(first.event(M.FULLY_REPAID, 9_000))
    assert account.active() == ["Q"]
    assert account.withheld() == ("Q", "0.15")
    assert account.attention() == []


def test_a_record_of_one_account_whose_object_has_no_proper_id_parks_that_account() -> None:
    lane = Lane()
    lane.take(event("financing_offer.created", offer(id=5)))
    assert (len(lane.unattributable), len(lane.invalid)) == (0, 1)
