"""Asking the simulated Stripe through Stripe's own package, as the worker does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import stripe

from worker.simulator.stripe_api import StripeApi

PREVIEW = "2026-09-30.preview"
OFFERS = "/v1/capital/financing_offers"
SUMMARY = "/v1/capital/financing_summary"
TRANSACTIONS = "/v1/capital/financing_transactions"
EVENTS = "/v1/events"

Object = dict[str, Any]


class Calendar:
    """A simulated clock that a test turns."""

    def __init__(self, second: float) -> None:
        self.second = second

    def now(self) -> float:
        return self.second


class Client:
    """Stripe's client with one key; parameters and options as its `raw_request_async` takes them."""

    def __init__(self, url: str, *, livemode: bool, transport: stripe.HTTPXClient) -> None:
        self._client = stripe.StripeClient(
            f"sk_{'live' if livemode else 'test'}_1",
            base_addresses={"api": url},
            http_client=transport,
            stripe_version=PREVIEW,
            max_network_retries=0,
        )

    async def response(self, method: str, path: str, **parameters: object) -> stripe.StripeResponse:
        response = await self._client.raw_request_async(method, path, **parameters)
        assert isinstance(response, stripe.StripeResponse)
        return response

    async def get(self, path: str, **parameters: object) -> Object:
        data = (await self.response("get", path, **parameters)).data
        assert isinstance(data, dict)
        return data

    async def pages(self, path: str, **parameters: object) -> list[list[Object]]:
        """All pages from the newest on, by `starting_after`."""
        pages = [await self.get(path, **parameters)]
        while pages[-1]["has_more"]:
            pages.append(await self.get(path, **parameters, starting_after=pages[-1]["data"][-1]["id"]))
        return [page["data"] for page in pages]

    async def every(self, path: str, **parameters: object) -> list[Object]:
        return [entry for page in await self.pages(path, limit=100, **parameters) for entry in page]


@asynccontextmanager
async def clients(api: StripeApi, *, patience: float = 10) -> AsyncIterator[tuple[Client, Client]]:
    """A client in live mode and one in test mode."""
    transport = stripe.HTTPXClient(timeout=patience)
    async with api.serving() as url:
        try:
            yield Client(url, livemode=True, transport=transport), Client(url, livemode=False, transport=transport)
        finally:
            await transport.close_async()  # type: ignore[no-untyped-call]  # the package leaves it without types
