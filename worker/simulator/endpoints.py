"""The endpoints of the simulated API: each answers one path from Stripe's books; none knows of HTTP or of troubles."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from worker.simulator.api_request import ApiRequest
from worker.simulator.books import OFFER, SUMMARY, TRANSACTION, Books
from worker.simulator.event_list import EventList, is_of_events
from worker.simulator.events import JsonObject
from worker.simulator.offers import created_at
from worker.simulator.pages import created_filter, is_of_a_page, page
from worker.simulator.refusals import no_access, no_such, no_such_path, unknown_parameter
from worker.simulator.summaries import summary_of_an_account
from worker.simulator.world import World


class Endpoints:
    """Everything that can be asked of one world, at the books' own second. Every endpoint raises Refused."""

    def __init__(self, world: World, books: Books) -> None:
        self._books = books
        self._events = EventList(world.histories)
        self._countries = {account.id: account.market.country for account in world.accounts}
        self._hidden = {(history.livemode, history.account) for history in world.histories if not history.country_shown}

    def answer(self, request: ApiRequest) -> JsonObject:
        """The object asked for. Raises Refused."""
        request.needs_key()
        if request.path.startswith("/v1/capital/"):
            request.needs_preview()
        for route, endpoint in _ROUTES.items():
            found = re.fullmatch(route, f"{request.method} {request.path}")
            if found is not None:
                return endpoint(self, request, *found.groups())
        raise no_such_path(request.method, request.path)

    def account(self, request: ApiRequest, account: str) -> JsonObject:
        """The connected account, its country in it."""
        if (request.needs_key(), account) in self._hidden:
            raise no_access(account)
        self._check_access(account)
        return {"id": account, "object": "account", "country": self._countries[account], "type": "express"}

    def events(self, request: ApiRequest) -> JsonObject:
        """The events of the last 30 days."""
        _check_parameters(request, is_of_events)
        return self._events.shown(request.path, request.parameters, self._books.second, livemode=request.needs_key())

    def offers(self, request: ApiRequest) -> JsonObject:
        """The offers of one connected account, or of all."""
        _check_parameters(request, {"connected_account", "status"}.__contains__)
        account, status = request.parameters.get("connected_account"), request.parameters.get("status")
        entries = self._books.every(OFFER, livemode=request.needs_key(), account=account)
        in_time = created_filter(request.parameters, created_at)

        def matches(offer: JsonObject) -> bool:
            return in_time(offer) and status in {None, offer["status"]}

        return page(request.path, "financing offer", entries, matches, request.parameters).shown()

    def offer(self, request: ApiRequest, offer_id: str) -> JsonObject:
        """One offer as it is now."""
        offer = self._books.one(OFFER, offer_id, livemode=request.needs_key())
        if offer is None:
            raise no_such("financing offer", offer_id)
        return offer

    def mark_delivered(self, request: ApiRequest, offer_id: str) -> JsonObject:
        """The platform attests that it passed the offer on; an offer that is further already stays as it is."""
        self.offer(request, offer_id)
        self._books.mark_delivered(offer_id)
        return self.offer(request, offer_id)

    def summary(self, request: ApiRequest) -> JsonObject:
        """The one summary of the connected account."""
        account, livemode = self._account(request), request.needs_key()
        told = self._books.one(SUMMARY, account, livemode=livemode)
        if told is not None:
            return {name: value for name, value in told.items() if name != "account"}
        offers = self._books.every(OFFER, livemode=livemode, account=account)
        return summary_of_an_account(
            account, offers, self._books.every(TRANSACTION, livemode=livemode, account=account)
        )

    def transactions(self, request: ApiRequest) -> JsonObject:
        """The transactions of the connected account."""
        _check_parameters(request, {"financing_offer"}.__contains__)
        offer = request.parameters.get("financing_offer")
        entries = self._books.every(TRANSACTION, livemode=request.needs_key(), account=self._account(request))
        in_time = created_filter(request.parameters, created_at)

        def matches(transaction: JsonObject) -> bool:
            return in_time(transaction) and offer in {None, transaction["financing_offer"]}

        return page(request.path, "financing transaction", entries, matches, request.parameters).shown()

    def transaction(self, request: ApiRequest, transaction_id: str) -> JsonObject:
        """One transaction of the connected account."""
        account = self._account(request)
        transaction = self._books.one(TRANSACTION, transaction_id, livemode=request.needs_key())
        if transaction is None or transaction["account"] != account:
            raise no_such("financing transaction", transaction_id)
        return transaction

    def _account(self, request: ApiRequest) -> str:
        """The connected account that the request is for."""
        account = request.needs_account()
        self._check_access(account)
        return account

    def _check_access(self, account: str) -> None:
        if account not in self._countries:
            raise no_access(account)


# Method and path, whose groups are what the endpoint is asked about.
_ROUTES: Final[Mapping[str, Callable[..., JsonObject]]] = {
    r"GET /v1/accounts/([^/]+)": Endpoints.account,
    r"GET /v1/events": Endpoints.events,
    r"GET /v1/capital/financing_offers": Endpoints.offers,
    r"GET /v1/capital/financing_offers/([^/]+)": Endpoints.offer,
    r"POST /v1/capital/financing_offers/([^/]+)/mark_delivered": Endpoints.mark_delivered,
    r"GET /v1/capital/financing_summary": Endpoints.summary,
    r"GET /v1/capital/financing_transactions": Endpoints.transactions,
    r"GET /v1/capital/financing_transactions/([^/]+)": Endpoints.transaction,
}


def _check_parameters(request: ApiRequest, is_known: Callable[[str], bool]) -> None:
    for parameter in request.parameters:
        if not is_of_a_page(parameter) and not is_known(parameter):
            raise unknown_parameter(parameter)
