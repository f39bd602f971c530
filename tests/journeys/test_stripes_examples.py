import json

import httpx

from schemas.notifications import schema_id
from tests.journeys.reading import Notification
from tests.journeys.system import System
from tests.journeys.webhooks import PAGE_EXAMPLE, TRANSACTION_EXAMPLE, completed_example, post
from worker.ports import Record
from worker.topic.cloud_events import time_of
from worker.traceparent import derived

OFFER = "financingoffer_abcdef123456"
ACCOUNT = "acct_abcdef123456"
CREATED = f"live:{OFFER}:created"
ACCEPTED = f"live:{OFFER}:accepted"

TERMS = {"advance_amount": 100000, "fee_amount": 10000, "currency": "usd", "withhold_rate": "0.15"}
THEN = "1973-11-29T21:33:09Z"


def headers(told: Notification, record: Record, **expected: str) -> dict[str, str]:
    """All headers of a notification in live mode that the record released."""
    released_by = dict(record.headers)["ce_id"].decode()
    return {
        "ce_specversion": "1.0",
        "ce_source": "/capital-worker/live",
        "ce_time": time_of(record.timestamp),
        "ce_livemode": "true",
        "ce_causationid": released_by,
        "ce_dataschema": schema_id(told.type),
        "content-type": "application/json",
        "traceparent": derived(released_by),
    } | expected


async def test_an_accepted_offer_of_which_no_creation_is_known_is_held_and_the_creation_releases_both(
    system: System,
) -> None:
    await system.prepare()
    await system.serve()
    accepted = completed_example("evt_accepted")
    assert (await post(system.url, accepted, system.secrets)).status_code == httpx.codes.OK
    await system.caught_up()
    assert await system.notifications() == []
    held = "SELECT livemode, account, offer_id, milestone, gate, waiting_for FROM held"
    assert await system.rows(held) == [(True, ACCOUNT, OFFER, "accepted", "G1", [f"{OFFER}:created"])]

    created = completed_example("evt_created", status="undelivered", accepted_terms=None)
    created = created.replace(b"financing_offer.accepted", b"financing_offer.created")
    assert (await post(system.url, created, system.secrets)).status_code == httpx.codes.OK
    told = {notification.id: notification for notification in await system.settled({CREATED, ACCEPTED})}
    assert await system.rows(held) == []

    records = await system.events_topic.records()
    assert [record.value for record in records[:2]] == [accepted, created]
    home = {record.partition for record in records}
    for identity, milestone, sequence in ((CREATED, "created", 1), (ACCEPTED, "accepted", 2)):
        notification = told[identity]
        assert notification.headers == headers(
            notification,
            records[1],
            ce_id=identity,
            ce_type=f"capital.offer.{milestone}.v1",
            ce_subject=OFFER,
            ce_partitionkey=ACCOUNT,
            ce_sequence=f"{sequence:010d}",
            ce_causationid="evt_created",
        )
        assert notification.record.key == ACCOUNT.encode()
        assert {notification.record.partition} == home
        assert notification.data == {
            "account": ACCOUNT,
            "livemode": True,
            "occurred_at": THEN,
            "basis": "event",
            "late": False,
            "gap": [],
            "offer": {
                "id": OFFER,
                "product_type": "refill",
                "financing_type": "flex_loan",
                "status": milestone,
                "currency": "usd",
                "offered_terms": TERMS
                | {"campaign_type": "repeat_user", "previous_financing_fee_discount_rate": "0.5"},
                "accepted_terms": TERMS | {"previous_financing_fee_discount_amount": None},
                "discount": {"state": "pending", "amount": None, "rate": "0.5"},
                "created_at": THEN,
                "expires_at": THEN,
                "replacement_for": None,
            },
            "policy": {"name": "paydown", "source": "currency"},
            "refill": None,
            "active_financings": [],
            "withholding": None,
            "messaging": {"product_type": "refill", "campaign_type": "repeat_user", "disclaimer_variant": None},
        }


async def test_the_page_s_example_as_printed_is_no_event_because_it_has_no_id(system: System) -> None:
    await system.prepare()
    await system.serve()
    answer = await post(system.url, PAGE_EXAMPLE.encode(), system.secrets)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert await system.events_topic.records() == []


async def test_a_transaction_is_told_at_once(system: System) -> None:
    await system.prepare()
    await system.serve()
    answer = await post(system.url, TRANSACTION_EXAMPLE.encode(), system.secrets)
    assert answer.status_code == httpx.codes.OK
    (told,) = await system.settled({"live:cptxn_1:recorded"})
    (record,) = await system.events_topic.records()
    assert record.key == b"acct_1"
    assert record.value == TRANSACTION_EXAMPLE.encode()
    assert told.headers == headers(
        told,
        record,
        ce_id="live:cptxn_1:recorded",
        ce_type="capital.transaction.recorded.v1",
        ce_subject="cptxn_1",
        ce_partitionkey="acct_1",
        ce_sequence="0000000001",
        ce_causationid="evt_1",
    )
    assert told.record.key == b"acct_1"
    assert told.data == {
        "account": "acct_1",
        "livemode": True,
        "transaction": {
            "id": "cptxn_1",
            "type": "payment",
            "reason": "automatic_withholding",
            "offer": "financingoffer_1",
            "advance_amount": 14758,
            "fee_amount": 2656,
            "total_amount": 17414,
            "currency": "usd",
            "created_at": "2024-12-30T17:08:53Z",
            "reversed_transaction": None,
        },
    }
    assert json.loads(told.record.value or b"") == told.data
