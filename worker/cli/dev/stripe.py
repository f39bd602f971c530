"""Stripe, played for the worlds that are delivered: the lookup role asks here what webhooks do not tell."""

from worker.asgi import Message, Receive, Send
from worker.simulator.stripe_api import StripeApi
from worker.simulator.world import World


class PlayedStripe:
    """An ASGI app that answers for the world being delivered; of the ones before, Stripe knows nothing more."""

    def __init__(self) -> None:
        self._api: StripeApi | None = None

    def plays(self, world: World) -> None:
        """Answer for this world from here on, as of when everything in it has happened."""
        self._api = StripeApi(world)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._api is None:
            raise RuntimeError("no world is played yet")
        await self._api(scope, receive, send)
