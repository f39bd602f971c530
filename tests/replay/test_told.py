import json

import pytest

from worker.consumer.commands import told_of
from worker.consumer.notifications import Place, notify
from worker.replay.told import LastWords
from worker.rules.facts import Cause, RepaymentInterval, Summary
from worker.rules.releases import RefillLinked, Release, SummaryChanged, WithholdingChanged
from worker.rules.state import AccountState, Link, Withholding

STATE = AccountState("acct_1", livemode=True)
LINK = Link("A", "latest_candidate", "ambiguous")
INTERVAL = RepaymentInterval(1_735_578_535, 5, None)
SUMMARY = Summary("accruing", "A", 100, 10, 0, 2**53 + 1, "usd", "0.15", INTERVAL)


def heard(*releases: Release) -> LastWords:
    words = LastWords()
    for sequence, release in enumerate(releases, 1):
        entry = notify(STATE, release, Cause("evt_1", 0), Place(1, 0, sequence))
        words.hear(sequence, entry.id.partition(":")[2], entry.type, entry.value)
    return words


@pytest.mark.parametrize(
    "summary",
    [
        SUMMARY,
        Summary(None, None, None, None, None, None, None, None, None),
        Summary("accruing", None, 1, 2, 3, 4, "gbp", "0", RepaymentInterval(None, None, None)),
    ],
)
def test_a_summary_is_read_from_its_notification_as_the_rules_know_it(summary: Summary) -> None:
    words = heard(SummaryChanged(summary, 1))
    promised = words.told("digest", ())
    assert told_of(promised).summary == summary
    # Also once it has been on the topic.
    again = type(promised).model_validate_json(json.dumps(promised.model_dump(mode="json")))
    assert told_of(again).summary == summary


def test_the_last_word_on_everything_that_may_be_revised_counts() -> None:
    words = heard(
        RefillLinked("B", LINK, 1),
        WithholdingChanged(Withholding("A", "0.15"), None, 1),
        RefillLinked("C", LINK, 1),
        RefillLinked("B", None, 2),
        WithholdingChanged(Withholding("B", None), Withholding("A", "0.15"), 2),
    )
    told = told_of(words.told("digest", ["B:paid_out"]))
    assert told.sequence == 5
    assert told.links == {"B": (None, 2), "C": (LINK, 1)}
    assert (told.withholding, told.withholding_revision) == (Withholding("B", None), 2)
    assert (told.summary, told.summary_revision) == (None, 0)
    assert told.foretold == {"B:paid_out"}


def test_what_is_told_only_once_is_remembered_and_what_is_revised_is_not() -> None:
    words = heard(RefillLinked("B", LINK, 1), SummaryChanged(SUMMARY, 1))
    assert list(words.once) == []
    words.hear(3, "A:created", "capital.offer.created.v1", b"{}")
    assert list(words.once) == ["A:created"]


def test_of_an_account_that_was_told_nothing_nothing_is_said() -> None:
    told = told_of(LastWords().told("digest", ()))
    assert (told.sequence, told.links, told.withholding, told.summary) == (0, {}, None, None)
