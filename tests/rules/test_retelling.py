from dataclasses import replace

from tests.rules.account import Account
from tests.rules.lives import Life, transaction
from worker.rules.facts import Summary, SummaryAnswered
from worker.rules.identities import identity_of
from worker.rules.milestones import Milestone
from worker.rules.releases import MilestoneReleased, RefillLinked, Release, SummaryChanged, WithholdingChanged
from worker.rules.retelling import Told, retell, revisions, told_once
from worker.rules.state import AccountState, Link, Withholding

A, B = Life("A"), Life("B", "refill", 2_000, rate="0.2", discount_rate="0.5")
NOTHING = Told(0, {}, None, 0, None, 0)
SUMMARY = Summary("accruing", "A", 100, 10, 0, 110, "usd", "0.15", None)


def funded() -> Account:
    """An account with one open financing: created, accepted, paid_out and withholding:1 were released."""
    account = Account()
    account.hear(*A.funded())
    return account


def known(account: Account) -> dict[str, Release]:
    return {identity_of(account.state.account, release): release for release in account.releases}


def told(account: Account, told: Told, owed: list[str]) -> tuple[AccountState, list[str]]:
    """The account retold, and the identities of what is told now."""
    decision = retell(account.state, known(account), told, owed)
    return decision.state, [identity_of(account.state.account, release) for release in decision.releases]


def test_numbers_go_on_from_what_was_told() -> None:
    state, now = told(funded(), replace(NOTHING, sequence=7), ["A:created", "A:accepted"])
    assert now == ["A:created", "A:accepted"]
    assert state.sequence == 9


def test_what_is_owed_is_told_in_the_order_of_the_command() -> None:
    _, now = told(funded(), NOTHING, ["A:paid_out", "A:created"])
    assert now == ["A:paid_out", "A:created"]


def test_what_is_not_owed_is_not_told() -> None:
    state, now = told(funded(), replace(NOTHING, sequence=3), [])
    assert now == []
    assert state.sequence == 3
    assert state.offers["A"].released == funded().offer("A").released


def test_what_is_owed_and_was_never_released_is_left_out() -> None:
    """A command that another build made: what today's rules do not tell, they do not tell now."""
    state, now = told(funded(), NOTHING, ["A:fully_repaid", "A:created", "Z:created"])
    assert now == ["A:created"]
    assert state.sequence == 1


def milestone(account: Account, owed: list[str], which: str) -> MilestoneReleased:
    for release in retell(account.state, known(account), NOTHING, owed).releases:
        if identity_of(account.state.account, release) == which:
            assert isinstance(release, MilestoneReleased)
            return release
    raise AssertionError(f"{which} was not told")


def test_a_milestone_after_a_stronger_one_that_was_told_comes_late_and_leaves_the_status() -> None:
    release = milestone(funded(), ["A:created"], "A:created")
    assert release.late
    assert release.offer.status == "paid_out"


def test_milestones_told_one_after_another_show_the_offer_grow() -> None:
    owed = ["A:created", "A:accepted", "A:paid_out"]
    statuses = [(milestone(funded(), owed, one).offer.status, milestone(funded(), owed, one).late) for one in owed]
    assert statuses == [("created", False), ("accepted", False), ("paid_out", False)]


def test_a_milestone_told_now_shows_the_account_as_it_is_now() -> None:
    account = funded()
    account.hear(A.event(Milestone.FULLY_REPAID, 9_000))
    release = milestone(account, ["A:paid_out"], "A:paid_out")
    assert release.active == ()
    assert release.withholding is None
    assert release.offer.status == "fully_repaid"
    assert release.late


def test_a_gap_that_was_filled_since_is_none_any_more() -> None:
    account = Account()
    account.hear(A.event(Milestone.ACCEPTED, 1_100, accepted=False, status="teleported"))
    account.hear(A.event(Milestone.FULLY_REPAID, 9_000, accepted=False, status="teleported"))
    account.wait_in_vain("A")
    account.hear(A.event(Milestone.PAID_OUT, 1_200))
    assert "A:paid_out" in account.release("A:fully_repaid").gap
    assert milestone(account, ["A:fully_repaid"], "A:fully_repaid").gap == ()


def test_nothing_is_corrected_where_downstreams_last_word_is_right() -> None:
    account = funded()
    right = Told(4, {}, Withholding("A", "0.15"), 1, None, 0)
    assert revisions(known(account), right) == []


def test_a_withholding_is_corrected_under_the_revision_after_the_last_that_was_told() -> None:
    wrong = Told(9, {}, Withholding("A", "0.9"), 5, None, 0)
    account = funded()
    assert revisions(known(account), wrong) == [
        WithholdingChanged(Withholding("A", "0.15"), Withholding("A", "0.9"), 6)
    ]
    state, now = told(account, wrong, [f"{account.state.account}:withholding:6"])
    assert now == [f"{account.state.account}:withholding:6"]
    assert (state.withholding, state.withholding_revision, state.sequence) == (Withholding("A", "0.15"), 6, 10)


def test_a_correction_that_is_not_told_leaves_the_revision_and_the_value_right() -> None:
    account = funded()
    state, now = told(account, Told(9, {}, Withholding("A", "0.9"), 5, None, 0), [])
    assert now == []
    assert (state.withholding, state.withholding_revision, state.sequence) == (Withholding("A", "0.15"), 5, 9)
    account.state, before = state, len(account.releases)
    account.hear(A.event(Milestone.FULLY_REPAID, 9_000))
    changes = [release for release in account.releases[before:] if isinstance(release, WithholdingChanged)]
    assert [change.revision for change in changes] == [6]


def refilled() -> Account:
    account = funded()
    account.hear(B.event(Milestone.CREATED, 2_000))
    assert account.link("B") == Link("A", "only_candidate", "inferred")
    return account


def test_a_wrong_link_is_corrected_and_one_that_never_was_is_withdrawn() -> None:
    right = Link("A", "only_candidate", "inferred")
    wrong = Told(9, {"B": (replace(right, original="Z"), 3), "C": (right, 1)}, Withholding("A", "0.15"), 1, None, 0)
    account = refilled()
    assert revisions(known(account), wrong) == [RefillLinked("B", right, 4), RefillLinked("C", None, 2)]
    state, now = told(account, wrong, ["B:linked:4", "C:linked:2"])
    assert now == ["B:linked:4", "C:linked:2"]
    assert (state.offers["B"].link_told, state.offers["B"].link_revision) == (right, 4)


def test_a_link_that_was_never_told_is_told_under_its_first_revision() -> None:
    account = refilled()
    state, now = told(account, replace(NOTHING, sequence=5), ["B:linked:1"])
    assert now == ["B:linked:1"]
    assert state.offers["B"].link_revision == 1
    account.state, before = state, len(account.releases)
    account.hear(B.event(Milestone.ACCEPTED, 2_100))
    assert not [release for release in account.releases[before:] if isinstance(release, RefillLinked)]


def test_a_summary_is_corrected_and_one_that_should_not_have_been_told_cannot_be_taken_back() -> None:
    account = funded()
    assert (
        revisions(known(account), replace(NOTHING, summary=SUMMARY, summary_revision=1, withholding_revision=1))[1:]
        == []
    )
    account.hear(SummaryAnswered(account.due("summary") or 0, SUMMARY))
    wrong = replace(NOTHING, summary=replace(SUMMARY, paid_amount=1), summary_revision=4)
    assert revisions(known(account), wrong)[-1] == SummaryChanged(SUMMARY, 5)


def test_what_was_foretold_is_not_told_again_when_it_comes_to_pass() -> None:
    account = funded()
    state, _ = told(account, replace(NOTHING, sequence=4, foretold=frozenset({"A:fully_repaid"})), [])
    account.state, account.releases = state, []
    account.hear(A.event(Milestone.FULLY_REPAID, 9_000))
    assert account.status("A") == "fully_repaid"
    assert "A:fully_repaid" not in account.told
    assert account.state.foretold == frozenset()
    # What follows from it is told.
    assert account.withheld() is None
    assert [release for release in account.releases if isinstance(release, WithholdingChanged)]


def test_what_may_be_revised_is_not_told_once() -> None:
    account = refilled()
    account.hear(transaction())
    once = told_once(known(account))
    assert "A:created" in once
    assert "cptxn_1:recorded" in once
    assert "B:linked:1" not in once
    assert f"{account.state.account}:withholding:1" not in once
