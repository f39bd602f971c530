import pytest

from tests.consumer.lanes import Workshop, header
from tests.consumer.promotions import Live, command
from tests.contract.batches import PARTITION
from tests.journeys.webhooks import offer_event
from tests.replay import bugs
from worker.consumer import history
from worker.ports import Record

KEY = (True, "acct_1")
OFFER = "financingoffer_acct_1"
WRONG = [offer_event("evt_1"), offer_event("evt_2", "canceled", status="canceled", accepted_terms={"currency": "usd"})]
ACCEPTED = offer_event("evt_3", "accepted", status="accepted", accepted_terms={"currency": "usd"})


async def wrong() -> tuple[Workshop, Live]:
    """A partition whose lane did not understand cancellations, and the same records taken by another such lane."""
    workshop, live = Workshop(), Live()
    with pytest.MonkeyPatch.context() as patch:
        bugs.deaf_to_cancellations(patch)
        await workshop.write(WRONG)
        await live.take(workshop.broker.records("events"))
        async with workshop.running(workshop.lane()):
            await workshop.worked_off()
    return workshop, live


async def append(workshop: Workshop, taken: Record) -> None:
    await workshop.broker.append("events", PARTITION, taken.key, taken.value, taken.headers)


def told(workshop: Workshop) -> list[str]:
    return [header(one, "ce_id").removeprefix(f"live:{OFFER}:") for one in workshop.told()]


async def test_a_lane_rebuilds_an_account_and_publishes_what_was_owed_while_it_goes_on() -> None:
    workshop, live = await wrong()
    promotion = command(await live.propose(KEY), 2)
    await append(workshop, promotion)
    await workshop.write([ACCEPTED])
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    assert told(workshop) == ["created", "accepted", "canceled"]
    assert [int(header(one, "ce_sequence")) for one in workshop.told()] == [1, 2, 3]
    assert workshop.tables.accounts[KEY].offers[OFFER].status == "canceled"


async def test_what_the_lane_took_in_the_same_batch_is_part_of_the_accounts_past() -> None:
    workshop, live = await wrong()
    await workshop.write([ACCEPTED])
    await live.take(workshop.broker.records("events")[2:])
    await append(workshop, command(await live.propose(KEY), 3))
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    assert told(workshop) == ["created", "accepted", "canceled"]
    assert workshop.broker.records("dead_letters") == []


async def test_an_account_with_more_records_than_a_lane_decides_at_once_is_not_rebuilt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workshop, live = await wrong()
    await append(workshop, command(await live.propose(KEY), 2))
    monkeypatch.setattr(history, "MOST_RECORDS", 1)
    async with workshop.running(workshop.lane()):
        await workshop.worked_off()
    (letter,) = workshop.broker.records("dead_letters")
    assert header(letter, "capital_reason") == "the account has more than 50000 records"
    assert told(workshop) == ["created"]
