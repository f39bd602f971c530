"""A request to the simulated API, read from ASGI; it checks the form of a key and never whose it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from worker.asgi import Message, Receive
from worker.simulator.refusals import bad_key, no_account_named, not_in_this_version

_KEY: Final = re.compile(r"Bearer [a-z]+_(live|test)_\w+")
_PREVIEW: Final = re.compile(r"\d{4}-\d{2}-\d{2}\.preview\b")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What was asked: parameters of the query and the form together, and headers by their lower-case names."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def livemode(self) -> bool | None:
        """The mode the key is of; None for what is no key of Stripe's."""
        found = _KEY.fullmatch(self.headers.get("authorization", ""))
        return None if found is None else found[1] == "live"

    @property
    def account(self) -> str | None:
        """The connected account it is asked for."""
        return self.headers.get("stripe-account")

    @property
    def version(self) -> str | None:
        """The API version it asks for."""
        return self.headers.get("stripe-version")

    @property
    def idempotency_key(self) -> str | None:
        """The key under which a POST counts once."""
        return self.headers.get("idempotency-key")

    def needs_key(self) -> bool:
        """The mode the key is of. Raises Refused without one."""
        if self.livemode is None:
            raise bad_key()
        return self.livemode

    def needs_preview(self) -> None:
        """Raise Refused unless the version is a preview one."""
        if self.version is None or not _PREVIEW.match(self.version):
            raise not_in_this_version(self.version)

    def needs_account(self) -> str:
        """The connected account it is asked for. Raises Refused where none is named."""
        if self.account is None:
            raise no_account_named()
        return self.account


async def received_request(scope: Message, receive: Receive) -> ApiRequest:
    """The whole request, its body included."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    texts = scope["query_string"].decode(), body.decode()
    return ApiRequest(
        method=scope["method"],
        path=scope["path"],
        parameters=dict(pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)),
        headers={name.decode().lower(): value.decode() for name, value in scope["headers"]},
    )
