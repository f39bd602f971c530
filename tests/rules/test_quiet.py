"""What is taken in silence: the tables advance as ever, and downstream hears only what it has a claim on."""

from itertools import permutations

import pytest

from tests.rules.account import Account
from tests.rules.lives import AMOUNT, Life, discounted, transaction
from tests.rules.orders import explore
from worker.rules.facts import LineOfCreditEvent, OfferAnswered, Summary, SummaryAnswered, TransactionEvent
from worker.rules.milestones import Milestone
from worker.rules.releases import WithholdingChanged

M = Milestone
A = Life("A")
B = Life("B", product_type="refill", created=2_000)
SUMMARY = Summary("accepted", "A", 100, 10, 5, 105, "usd", "0.15", None)


def test_what_a_quiet_record_makes_known_is_released_and_nobody_is_told() -> None:
    account = Account()
    assert account.hear(*A.funded(), transaction(), quiet=True) == []
    assert account.status("A") is M.PAID_OUT
    assert account.withheld() == ("A", "0.15")
    assert account.state.sequence == 0


def test_after_silence_the_sequence_begins_with_what_is_told_first() -> None:
    account = Account()
    account.hear(*A.funded(), quiet=True)
    told = account.hear(A.event(M.FULLY_REPAID, 9_000))
    assert told == ["A:fully_repaid", "withholding:2"]
    assert account.state.sequence == 2


def test_a_quiet_milestone_stays_quiet_though_a_loud_record_opens_its_gate() -> None:
    account = Account()
    created, accepted, paid_out = A.funded()
    account.hear(accepted)
    account.hear(paid_out, quiet=True)
    assert account.hear(created) == ["A:created", "A:accepted"]
    assert account.status("A") is M.PAID_OUT


def test_a_milestone_that_waited_is_told_though_a_quiet_record_opens_its_gate() -> None:
    account = Account()
    created, accepted, paid_out = A.funded()
    assert account.hear(paid_out) == []
    assert account.hear(accepted, created, quiet=True) == ["A:paid_out", "withholding:1"]


def test_with_a_quiet_milestone_goes_all_that_precedes_it_also_when_an_answer_brings_that() -> None:
    account = Account()
    account.hear(A.event(M.PAID_OUT, 1_200), quiet=True)
    assert account.show("A", A.observed("paid_out")) == []
    assert account.status("A") is M.PAID_OUT


@pytest.mark.parametrize("order", list(permutations(["created", "quiet created", "accepted", "quiet accepted"])))
def test_of_a_webhook_and_its_quiet_repeat_the_one_that_came_first_decides(order: tuple[str, ...]) -> None:
    account = Account()
    for step in order:
        milestone = M(step.removeprefix("quiet "))
        account.hear(A.event(milestone, 1_000), quiet=step.startswith("quiet"))
    # A quiet acceptance that came first speaks for the creation before it, too.
    first = {step: place for place, step in enumerate(order)}
    accepted = first["accepted"] < first["quiet accepted"]
    silenced = first["quiet created"] if accepted else min(first["quiet created"], first["quiet accepted"])
    created = first["created"] < silenced
    assert account.told == ["A:created"] * created + ["A:accepted"] * accepted
    assert account.status("A") is M.ACCEPTED


@pytest.mark.parametrize("quiet", [True, False])
def test_a_repeat_of_a_repeat_changes_nothing(*, quiet: bool) -> None:
    account = Account()
    account.hear(*A.funded(), transaction(), quiet=quiet)
    before = account.state
    for again in (False, True):
        assert account.hear(*A.funded(), transaction(), quiet=again) == []
        assert account.state == before


@pytest.mark.parametrize("quiet_first", [True, False])
def test_a_transaction_and_a_line_of_credit_are_told_if_they_came_loudly_first(*, quiet_first: bool) -> None:
    account = Account()
    facts: list[TransactionEvent | LineOfCreditEvent] = [transaction(), LineOfCreditEvent(SUMMARY, "evt_1")]
    account.hear(*facts, quiet=quiet_first)
    account.hear(*facts, quiet=not quiet_first)
    assert account.told == ([] if quiet_first else ["cptxn_1:recorded", "evt_1:line_of_credit"])


def test_a_revision_advances_in_silence_and_the_next_one_tells_from_where() -> None:
    account = Account()
    account.hear(*A.funded(), *B.events(M.CREATED))
    told = len(account.releases)
    account.hear(A.event(M.FULLY_REPAID, 2_400), B.event(M.ACCEPTED, 2_300), quiet=True)
    account.hear(B.event(M.PAID_OUT, 2_400))
    (change,) = [release for release in account.releases[told:] if isinstance(release, WithholdingChanged)]
    assert (change.previous, change.revision) == (None, 3)


def test_a_survey_that_only_silence_asked_for_confirms_in_silence() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), quiet=True)
    assert account.survey(A.observed("paid_out"), B.observed("delivered"), country="US") == []
    link = account.link("B")
    assert link is not None
    assert (link.original, link.confidence) == ("A", "confirmed")
    assert account.offer("B").link_told == link


def test_a_survey_tells_what_is_news_even_if_only_silence_asked_for_it() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), quiet=True)
    assert account.survey(A.observed("paid_out"), B.observed("accepted"), country="US") == ["B:accepted"]


def test_a_survey_that_something_told_asked_for_is_not_silent() -> None:
    account = Account()
    account.hear(*A.funded(), B.event(M.CREATED, 2_000), quiet=True)
    new = Life("C", product_type="refill", created=2_500)
    account.hear(new.event(M.CREATED, 2_500), at=1_000)
    told = account.survey(A.observed("paid_out"), B.observed("expired"), new.observed("delivered"), country="US")
    assert "C:linked:2" in told


def test_a_survey_asked_for_loudly_stays_so_when_silence_asks_for_it_too() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000))
    account.hear(Life("C", product_type="refill", created=2_500).event(M.CREATED, 2_500), quiet=True)
    assert "attention:unresolved_link:B" in account.survey(country="US")


def test_an_answer_that_comes_when_nothing_is_asked_any_more_is_not_silent() -> None:
    account = Account()
    account.hear(*A.funded(), quiet=True)
    due = account.due("summary")
    assert due is not None
    assert account.hear(SummaryAnswered(due, None)) == []
    assert account.hear(SummaryAnswered(due, SUMMARY)) == ["summary:1"]


def test_a_failed_survey_that_only_silence_asked_for_raises_no_attention() -> None:
    account = Account()
    account.hear(B.event(M.CREATED, 2_000), quiet=True)
    assert account.fail("survey") == []


def test_a_summary_that_only_silence_asked_for_is_not_told_and_the_next_one_is() -> None:
    account = Account()
    account.hear(*A.funded(), quiet=True)
    due = account.due("summary")
    assert due is not None
    assert account.hear(SummaryAnswered(due, SUMMARY)) == []
    account.hear(A.event(M.FULLY_REPAID, 9_000), at=2_000)
    paid = Summary("none", None, None, None, None, None, None, None, None)
    assert account.hear(SummaryAnswered(2_000, paid)) == ["summary:2"]


def test_who_heard_of_a_refill_hears_its_link_and_discount_whoever_brings_them() -> None:
    account = Account()
    account.hear(*B.funded())
    account.survey(country="GB")
    told = account.hear(*A.funded(), A.event(M.FULLY_REPAID, 2_400), quiet=True)
    assert told == ["B:linked:1"]
    assert account.discount("B") == "none"


def test_who_heard_of_a_payout_hears_of_its_discount_whoever_brings_it() -> None:
    account, rated = Account(), B.with_(discount_rate="0.5")
    account.hear(*A.funded(), A.event(M.FULLY_REPAID, 2_150), *rated.funded())
    shown = discounted(rated.observed("paid_out"), 500)
    assert account.hear(OfferAnswered("B", 0, shown), quiet=True) == ["B:discount_settled"]


def test_who_heard_of_no_payout_hears_of_its_discount_only_when_that_is_news() -> None:
    rated = B.with_(discount_rate="0.5")
    silent, later = Account(), Account()
    for account in (silent, later):
        account.hear(*A.funded(), *rated.funded(), A.event(M.FULLY_REPAID, 2_150), quiet=True)
    shown = discounted(rated.observed("paid_out"), 500)
    assert silent.hear(OfferAnswered("B", 0, shown), quiet=True) == []
    assert silent.offer("B").value(AMOUNT) == 500
    assert later.show("B", shown) == ["B:discount_settled"]


def test_a_discount_that_comes_with_a_quiet_payout_is_as_silent_whoever_releases_that() -> None:
    account, rated = Account(), B.with_(discount_rate="0.5")
    account.hear(*A.funded(), *rated.events(M.CREATED, M.ACCEPTED), quiet=True)
    account.hear(discounted(rated.event(M.PAID_OUT, 2_200), 500), quiet=True)
    assert account.hold("B", M.PAID_OUT).gate == "G2"
    assert account.hear(A.event(M.FULLY_REPAID, 2_200)) == ["A:fully_repaid", "withholding:2"]
    assert account.status("B") is M.PAID_OUT
    assert account.offer("B").discount_told


def test_an_offer_that_somebody_brought_is_told_with_all_that_its_status_proves() -> None:
    account = Account()
    assert account.hear(OfferAnswered("A", 0, A.observed("paid_out"), announces=True)) == [
        "A:created",
        "A:accepted",
        "A:paid_out",
        "withholding:1",
    ]
    assert account.release("A:paid_out").basis == "api"


def test_an_offer_that_only_a_survey_knew_is_released_in_silence_when_it_is_brought_so() -> None:
    account = Account()
    account.hear(OfferAnswered("A", 0, A.observed("paid_out")))
    assert (
        account.hear(OfferAnswered("A", 0, A.observed("paid_out", charged_off_at=4_000), announces=True), quiet=True)
        == []
    )
    assert account.status("A") is M.PAID_OUT
    assert account.offer("A").charged_off


@pytest.mark.parametrize("currency", ["usd", "gbp"])
@pytest.mark.parametrize("until", [2, 4, 6])
def test_in_every_order_a_system_adopted_mid_life_tells_what_came_after_and_ends_the_same(
    currency: str, until: int
) -> None:
    original, refill = A.with_(currency=currency), B.with_(currency=currency)
    events = [*original.funded(), *refill.funded(), original.event(M.FULLY_REPAID, 2_200)]
    adopted = explore(events, repeat=False, quiet=range(until))
    assert adopted.orders == 5_040  # 7!
    after = {f"{event.snapshot.offer}:{event.milestone}" for event in events[until:]}
    assert {frozenset(told for told in ended if ":discount" not in told) for ended in adopted.told} == {
        frozenset(after)
    }
    assert adopted.tables == explore(events, repeat=False).tables
