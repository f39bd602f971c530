import pytest

from tests.consumer.promotions import EVERYTHING, Live, command
from tests.contract.batches import PARTITION, record, records
from tests.contract.fakes import Ledger
from tests.journeys.webhooks import TRANSACTION_EXAMPLE, offer_event
from tests.replay import bugs
from worker.consumer.commands import REBUILD
from worker.ports import Entry, Record

KEY = (True, "acct_1")
OFFER = "financingoffer_acct_1"
CREATED = offer_event("evt_1")
CANCELED = offer_event("evt_2", "canceled", status="canceled", accepted_terms={"currency": "usd"})
PAYMENT = TRANSACTION_EXAMPLE.replace("evt_1", "evt_4").encode()
ACCEPTED = offer_event("evt_3", "accepted", status="accepted", accepted_terms={"currency": "usd"})


async def deaf(*bodies: bytes) -> Live:
    """A live system whose rules did not understand cancellations."""
    live = Live()
    with pytest.MonkeyPatch.context() as patch:
        bugs.deaf_to_cancellations(patch)
        await live.take(records(bodies))
    return live


def ids(entries: list[Entry]) -> list[str]:
    return [entry.id.removeprefix(f"live:{OFFER}:") for entry in entries if entry.destination == "notifications"]


def reasons(live: Live) -> list[bytes]:
    """Why commands were dropped."""
    letters = [entry for entry in live.entries if entry.destination == "dead_letters"]
    return [dict(entry.headers or ())["capital_reason"] for entry in letters]


async def test_a_rebuilt_account_is_as_its_records_make_it_and_tells_what_was_owed() -> None:
    live = await deaf(CREATED, ACCEPTED, CANCELED)
    assert live.tables.accounts[KEY].offers[OFFER].status == "accepted"
    proposal = await live.propose(KEY)
    assert proposal.owed == [f"{OFFER}:canceled"]
    await live.take([command(proposal, 3)])
    assert live.tables.accounts[KEY].offers[OFFER].status == "canceled"
    assert ids(list(live.entries)) == ["created", "accepted", "canceled"]
    last = live.entries[-1]
    assert (last.sequence, last.record_offset, last.time) == (3, 3, record(b"", 3).timestamp)
    assert last.causation_id.startswith("cmd_")


async def test_without_emission_nothing_is_told_and_the_account_is_right_all_the_same() -> None:
    live = await deaf(CREATED, ACCEPTED, CANCELED)
    proposal = await live.propose(KEY, emit=False)
    assert proposal.owed == [f"{OFFER}:canceled"]
    await live.take([command(proposal, 3)])
    assert live.tables.accounts[KEY].offers[OFFER].status == "canceled"
    assert ids(list(live.entries)) == ["created", "accepted"]
    # And it can still be told later.
    await live.take([command(await live.propose(KEY), 4)])
    assert ids(list(live.entries)) == ["created", "accepted", "canceled"]


async def refused(live: Live, last: Record, reason: str) -> None:
    """The command is kept and dropped, and the account stays as it was."""
    before, told = live.tables.accounts[KEY], list(live.told(KEY))
    await live.take([last])
    assert len(reasons(live)) == 1
    assert reason in reasons(live)[0].decode()
    assert live.tables.accounts[KEY] == before
    assert list(live.told(KEY)) == told
    # It is part of the account's history, for whoever replays that.
    past = [one.offset async for _, one in Ledger(live.tables).history([KEY], PARTITION, EVERYTHING)]
    assert past[-1] == last.offset


async def test_an_account_that_was_told_more_meanwhile_is_not_rebuilt() -> None:
    live = await deaf(CREATED, CANCELED)
    proposal = await live.propose(KEY)
    await live.take(records([offer_event("evt_9", id="financingoffer_2")], first=2))
    await refused(live, command(proposal, 3), "it was told 2 notifications, not 1")


async def test_an_account_of_which_something_came_meanwhile_is_not_rebuilt() -> None:
    live = await deaf(CREATED, CANCELED)
    proposal = await live.propose(KEY)
    await live.take(records([offer_event("evt_9", "paid_out", id="financingoffer_2", status="paid_out")], first=2))
    await refused(live, command(proposal, 3), "its records make another state here")


async def test_a_lane_of_another_build_drops_the_command() -> None:
    live = await deaf(CREATED, CANCELED)
    proposal = await live.propose(KEY)
    with pytest.MonkeyPatch.context() as patch:
        bugs.deaf_to_cancellations(patch)
        await refused(live, command(proposal, 2), "the build or its settings are not the replay's")


async def test_an_account_that_waits_behind_a_quarantine_is_not_rebuilt() -> None:
    live = await deaf(CREATED, CANCELED)
    proposal = await live.propose(KEY)
    await live.take(records([offer_event("evt_9", envelope={"created": "yesterday"})], first=2))
    live.tables.entries[PARTITION] = [entry for entry in live.entries if entry.destination == "notifications"]
    await refused(live, command(proposal, 3), "wait behind a quarantine")


async def test_an_account_with_a_record_that_todays_rules_cannot_apply_is_not_rebuilt() -> None:
    live = await deaf(CREATED)
    with pytest.MonkeyPatch.context() as patch:
        # A build that could read what nobody else can.
        patch.setattr("worker.consumer.decode.MILESTONES", {})
        await live.take(records([offer_event("evt_9", id="")], first=1))
    await refused(live, command(await live.propose(KEY), 2), "cannot apply a record of the account")


async def test_what_comes_in_the_same_batch_before_a_command_is_part_of_what_it_rebuilds() -> None:
    live = await deaf(CREATED, CANCELED)
    unknown = record(offer_event("evt_9", "teleported"), 2)
    proposal = await live.propose(KEY)
    await live.take([unknown, command(proposal, 3), record(ACCEPTED, 4)])
    assert reasons(live) == []
    # The acceptance comes upon the cancellation that the command made known.
    assert ids(list(live.entries)) == ["created", "accepted", "canceled"]


async def test_the_second_of_two_commands_in_a_batch_finds_that_the_account_went_on() -> None:
    live = await deaf(CREATED, ACCEPTED, CANCELED)
    proposal = await live.propose(KEY)
    await live.take([command(proposal, 3), command(proposal, 4)])
    assert ids(list(live.entries)) == ["created", "accepted", "canceled"]
    assert [b"it was told 3 notifications, not 2" in reason for reason in reasons(live)] == [True]


async def test_rows_that_no_record_makes_are_gone_and_transactions_are_there_again() -> None:
    live = Live()
    with pytest.MonkeyPatch.context() as patch:
        bugs.deaf_to_transactions(patch)
        await live.take(records([CREATED, PAYMENT]))
    assert live.tables.transactions == {}
    (payment,) = (await right(PAYMENT)).tables.transactions.values()
    live.tables.transactions[KEY, "cptxn_wrong"] = payment
    await live.take([command(await live.propose(KEY), 2)])
    assert {name for _, name in live.tables.transactions} == {"cptxn_1"}
    assert live.entries[-1].id == "live:cptxn_1:recorded"


async def right(*bodies: bytes) -> Live:
    live = Live()
    await live.take(records(bodies))
    return live


async def test_a_command_that_cannot_be_read_parks_nobody() -> None:
    live = await deaf(CREATED)
    value = offer_event("cmd_1", envelope={"type": REBUILD, "account": "acct_1", "data": {"object": {"digest": 5}}})
    await live.take([record(value, 1, (("ce_type", REBUILD.encode()),)), record(ACCEPTED, 2)])
    assert len(reasons(live)) == 1
    assert ids(list(live.entries)) == ["created", "accepted"]
