"""The code in docs/consuming.md runs, on the notifications of a UK and a US refill, and does what the page says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rules.lives import Life, cause, transaction
from tests.rules.orders import failing
from worker.consumer.notifications import Place, notify
from worker.rules.decide import decide
from worker.rules.facts import Fact
from worker.rules.lookups import lookups
from worker.rules.milestones import Milestone
from worker.rules.state import AccountState
from worker.topic.cloud_events import headers_of

PAGE = (Path(__file__).parents[2] / "docs" / "consuming.md").read_text(encoding="utf-8")
M = Milestone
Notification = tuple[dict[str, str], dict[str, Any]]


def code(audience: str) -> dict[str, Any]:
    found = re.search(rf"```python {audience}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"no example for {audience}"
    names: dict[str, Any] = {}
    exec(found[1], names)
    return names


def told(currency: str, end: int) -> Iterator[Notification]:
    """What is told of an original that is refilled and repaid, then of the refill being repaid."""
    a = Life("A", currency=currency)
    b = Life("B", "refill", 2_000, currency, rate="0.2")
    facts: list[Fact] = [
        a.event(M.CREATED, 1_000, offered_terms__campaign_type="newly_eligible_user"),
        a.event(M.ACCEPTED, 1_100, accepted_terms__advance_amount=1_000, accepted_terms__fee_amount=100),
        a.event(M.PAID_OUT, 1_200, accepted_terms__advance_amount=1_000, accepted_terms__fee_amount=100),
        transaction(total_amount=600),
        b.event(M.CREATED, 2_000, offered_terms__campaign_type="repeat_user"),
        b.event(M.ACCEPTED, 2_100),
        b.event(M.PAID_OUT, 2_200),
        a.event(M.FULLY_REPAID, end),
    ]
    state = AccountState("acct_1", livemode=True)
    for fact in facts:
        state, entries = step(state, fact)
        yield from entries
    for lookup, due in lookups(state).items():
        state, entries = step(state, failing(lookup, due))
        yield from entries


def step(state: AccountState, fact: Fact) -> tuple[AccountState, list[Notification]]:
    decision = decide(state, fact, cause())
    entries = [
        notify(decision.state, release, cause(), Place(1, 1, sequence))
        for sequence, release in enumerate(decision.releases, state.sequence + 1)
    ]
    headers = [{name: value.decode() for name, value in headers_of(entry)} for entry in entries]
    return decision.state, [(header, json.loads(entry.value)) for header, entry in zip(headers, entries, strict=True)]


def test_the_email_example_writes_once_for_each_offer() -> None:
    message_for = code("email")["message_for"]
    messages = [message for message in (message_for(*one) for one in told("gbp", 9_000)) if message]
    assert [message["template"] for message in messages] == ["offer/newly_eligible_user", "refill/repeat_user"]
    assert len({message["key"] for message in messages}) == 2


@pytest.mark.parametrize(("currency", "end"), [("gbp", 9_000), ("usd", 2_200)])
def test_the_ledger_example_keeps_a_balance_for_each_financing(currency: str, end: int) -> None:
    book = code("ledger")["book"]
    ledger: dict[str, Any] = {}
    for headers, data in told(currency, end):
        book(ledger, headers, data)
    assert ledger["A"] == {"owed": 500, "open": False}


def test_the_support_example_sees_two_active_financings_in_the_uk_and_one_in_the_us() -> None:
    remember = code("support")["remember"]
    most = {}
    for currency, end in (("gbp", 9_000), ("usd", 2_200)):
        view: dict[str, Any] = {"offers": {}, "active": [], "withholding": None, "attention": [], "seen": 0}
        most[currency] = 0
        for headers, data in told(currency, end):
            remember(view, headers, data)
            most[currency] = max(most[currency], len(view["active"]))
        assert view["offers"] == {"A": "fully_repaid", "B": "paid_out"}
        assert view["active"] == ["B"]
        assert view["withholding"] == {"offer": "B", "rate": "0.2"}
    assert most == {"gbp": 2, "usd": 1}
