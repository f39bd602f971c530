"""Webhooks as Stripe sends them: the examples of its own pages, and builders with a default for everything."""

import json
import time
from typing import Any

import httpx

from worker.simulator.signatures import signature_header

# The example of the page on refills, as printed there: abridged, without the envelope's `id` and `livemode`.
PAGE_EXAMPLE = """
{
  "type": "capital.financing_offer.accepted",
  "api_version": "2022-02-28",
  "created": 123456789,
  "data": {
    "object": {
      "id": "financingoffer_abcdef123456",
      "object": "capital.financing_offer",
      "account": "acct_abcdef123456",
      "created_at": 123456789,
      "expires_after": 123456789,
      "livemode": true,
      "status": "accepted",
      "accepted_terms": {
        "currency": "usd",
        "advance_amount": 100000,
        "fee_amount": 10000,
        "withhold_rate": 0.15,
        "previous_financing_fee_discount_amount": null
      },
      "financing_type": "flex_loan",
      "offered_terms": {
        "currency": "usd",
        "advance_amount": 100000,
        "fee_amount": 10000,
        "withhold_rate": 0.15,
        "campaign_type": "repeat_user",
        "previous_financing_fee_discount_rate": 0.5
      },
      "product_type": "refill"
    }
  }
}
"""

# A transaction event as a platform received it, its ids changed.
TRANSACTION_EXAMPLE = (
    '{"id":"evt_1","object":"event","api_version":"2023-10-16; risk_in_requirements_beta=v1","created":1735578535,'
    '"data":{"object":{"id":"cptxn_1","object":"capital.financing_transaction","account":"acct_1",'
    '"created_at":1735578533,"details":{"advance_amount":14758,"currency":"usd","fee_amount":2656,'
    '"linked_payment":"py_1","reason":"automatic_withholding","total_amount":17414,'
    '"transaction":{"charge":"py_1"}},"financing_offer":"financingoffer_1","livemode":true,"type":"payment",'
    '"user_facing_description":"Paydown of your loan"}},"livemode":true,"pending_webhooks":1,'
    '"request":{"id":null,"idempotency_key":null},"type":"capital.financing_transaction.created"}'
)


def completed_example(event_id: str, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """The page's example with the envelope that every real event has, and with changes to the offer."""
    event = json.loads(PAGE_EXAMPLE)
    event["data"]["object"] |= changes
    return json.dumps({"id": event_id, "object": "event", "livemode": True} | event, indent=2).encode()


def offer_event(
    event_id: str,
    milestone: str = "created",
    *,
    account: str | None = "acct_1",
    envelope: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401 - any JSON
) -> bytes:
    """An offer's event; `envelope` and the other changes replace members of the event and of the offer."""
    shown: dict[str, Any] = {
        "id": f"financingoffer_{account}",
        "object": "capital.financing_offer",
        "account": account,
        "created": 1_735_578_000,
        "expires_after": 1_738_170_000.0,
        "status": "undelivered",
        "product_type": "standard",
    }
    event = {
        "id": event_id,
        "object": "event",
        "created": 1_735_578_535,
        "livemode": True,
        "type": f"capital.financing_offer.{milestone}",
        "data": {"object": {name: value for name, value in (shown | changes).items() if value is not None}},
    }
    return json.dumps(event | (envelope or {})).encode()


async def post(url: str, body: bytes, secrets: tuple[str, ...], **headers: str) -> httpx.Response:
    """One delivery, signed now."""
    header = signature_header(body, timestamp=int(time.time()), secrets=secrets)
    async with httpx.AsyncClient(timeout=10, verify=False, trust_env=False) as client:
        return await client.post(url, content=body, headers={"Stripe-Signature": header} | headers)
