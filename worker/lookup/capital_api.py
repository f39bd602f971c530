"""Stripe's API as the lookup role reads it: never writes, never retries by itself, never waits past its deadline."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

import stripe

from worker.lookup.pace import Pace
from worker.settings import key_mode

VERSION: Final = "2026-09-30.preview"
REQUEST_SECONDS: Final = 10
PAGE: Final = 100
# Answers, not failures: the account left the platform, or Stripe has no such object.
NOT_SHOWN: Final = frozenset({403, 404})
# The request or the key is wrong, and will be the next time.
IN_VAIN: Final = frozenset({400, 401})

OFFERS: Final = "/v1/capital/financing_offers"

Shown = Mapping[str, Any]
Listed = Literal["offers", "events"]

_LISTED: Final[Mapping[Listed, Mapping[str, str]]] = {"offers": {}, "events": {"type": "capital.*"}}


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, newest first, and whether there are older ones."""

    shown: Sequence[Shown]
    more: bool

    @property
    def last(self) -> str | None:
        """The id of the oldest, behind which the next page begins."""
        return str(self.shown[-1]["id"]) if self.shown else None


class NotAnswered(Exception):  # noqa: N818 - named for what happened
    """Stripe did not answer this time; `seconds` is how long it asked to be left alone, None where it did not say.

    Where asking the same again is `in_vain`, the key or the question is wrong.
    """

    def __init__(self, reason: str, seconds: float | None = None, *, in_vain: bool = False) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.in_vain = in_vain


class CapitalApi:
    """Stripe with one key for each mode that there is one for. Raises NotAnswered."""

    def __init__(self, keys: Sequence[str], base: str, pace: Pace) -> None:
        # It would write a file in the home folder and tell Stripe about this machine.
        stripe.enable_telemetry = False
        self._pace = pace
        self._base = base.rstrip("/")
        self._transport = stripe.HTTPXClient(timeout=REQUEST_SECONDS)
        self.use(keys)

    def use(self, keys: Sequence[str]) -> None:
        """Ask with these keys from now on."""
        self._clients = {
            key_mode(key) == "live": stripe.StripeClient(
                key, base_addresses={"api": self._base}, http_client=self._transport, max_network_retries=0
            )
            for key in keys
        }

    def has_key(self, *, livemode: bool) -> bool:
        """Whether there is a key for the mode."""
        return livemode in self._clients

    async def country(self, account: str, *, livemode: bool) -> str | None:
        """The country of a connected account, None where Stripe does not show it."""
        shown = await self._get(f"/v1/accounts/{_quoted(account)}", livemode=livemode)
        country = shown and shown.get("country")
        return country if isinstance(country, str) else None

    async def offers(self, account: str, *, livemode: bool) -> AsyncIterator[Sequence[Shown]]:
        """All offers of a connected account, a page at a time; nothing where Stripe shows none."""
        after: str | None = None
        while True:
            page = await self.offers_page(account, after, livemode=livemode)
            yield page.shown
            if not page.more:
                return
            after = page.last

    async def offers_page(self, account: str, after: str | None, *, livemode: bool) -> Page:
        """A page of the offers of a connected account; an empty one where Stripe does not show the account."""
        parameters = {"connected_account": account, "limit": PAGE, **_after(after)}
        return _page(await self._get(OFFERS, livemode=livemode, **parameters) or {})

    async def listed(self, what: Listed, within: tuple[int, int], after: str | None, *, livemode: bool) -> Page:
        """A page of what the platform's accounts have: offers, or Capital's events, which Stripe keeps for 30 days.

        Only of what was created `within` (from, to) seconds, the latter excluded. A key that may not see the list
        must not pass for an empty one: that raises NotAnswered, too.
        """
        start, stop = within
        parameters = {"created": {"gte": start, "lt": stop}, "limit": PAGE, **_LISTED[what], **_after(after)}
        path = OFFERS if what == "offers" else "/v1/events"
        shown = await self._get(path, livemode=livemode, **parameters)
        if shown is None:
            raise NotAnswered(f"Stripe does not show the key a list of {what}", in_vain=True)
        return _page(shown)

    async def offer(self, offer: str, *, livemode: bool) -> Shown | None:
        """One offer, None where Stripe does not show it."""
        return await self._get(f"/v1/capital/financing_offers/{_quoted(offer)}", livemode=livemode)

    async def summary(self, account: str, *, livemode: bool) -> Shown | None:
        """The financing summary of a connected account, None where Stripe does not show it."""
        return await self._get("/v1/capital/financing_summary", livemode=livemode, stripe_account=account)

    async def _get(self, path: str, *, livemode: bool, **parameters: object) -> Shown | None:
        await self._pace.turn()
        try:
            async with asyncio.timeout(REQUEST_SECONDS + 2):
                response = await self._clients[livemode].raw_request_async(
                    "get", path, stripe_version=VERSION, **parameters
                )
        except stripe.StripeError as error:
            if error.http_status in NOT_SHOWN and _is_stripes(error):
                return None
            reason = f"{type(error).__name__} {error.http_status or ''}".strip()
            in_vain = error.http_status in IN_VAIN and _is_stripes(error)
            raise NotAnswered(reason, _asked(error), in_vain=in_vain) from error
        except (AttributeError, UnicodeDecodeError) as error:
            # What the package raises for answers that are not Stripe's, such as a broken gateway's.
            raise NotAnswered("the answer is not Stripe's") from error
        except TimeoutError as error:
            raise NotAnswered("no answer in time") from error
        shown = response.data
        if not isinstance(shown, dict):
            raise NotAnswered("the answer is no JSON object")
        return shown

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transport.close_async()  # type: ignore[no-untyped-call]  # the package leaves it untyped


def _after(last: str | None) -> Mapping[str, str]:
    return {} if last is None else {"starting_after": last}


def _page(shown: Shown) -> Page:
    found = shown.get("data") or []
    return Page(found, bool(found) and bool(shown.get("has_more")))


def _quoted(identifier: str) -> str:
    """An id as one part of a path: the package does not escape it."""
    return quote(identifier, safe="")


def _is_stripes(error: stripe.StripeError) -> bool:
    """Whether Stripe itself said so: a gateway on the way can answer 403 or 404, too, and knows nothing."""
    return isinstance(error.json_body, dict) and "error" in error.json_body


def _asked(error: stripe.StripeError) -> float | None:
    """The seconds of a Retry-After header."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None
