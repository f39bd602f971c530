"""Says whether this process is well: alive, ready, and in numbers; never waits for anything to find out."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from worker.asgi import Message, Receive, Send
from worker.metrics import REGISTRY

Check = Callable[[], str | None]

_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Part:
    alive: Check
    ready: Check
    remark: Check


def _nothing() -> None:
    """No trouble, and nothing to say."""


class Health:
    """The parts of this process that have something to say about its health.

    A check returns None when all is well, else a short reason without secrets, addresses or payloads: whoever reaches
    the ingress can read it. It only looks; it must not block.
    """

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}

    def register(self, name: str, alive: Check, ready: Check, remark: Check = _nothing) -> None:
        """Ask these from now on; a second part of the same name takes the place of the first.

        A remark is something to know of a part that is well.
        """
        self._parts[name] = _Part(alive, ready, remark)

    def forget(self, name: str) -> None:
        """The part is no more."""
        self._parts.pop(name, None)

    def living(self) -> dict[str, str | None]:
        """Each part, and why it makes no progress, None where it does: a restart may help."""
        return {name: part.alive() for name, part in self._parts.items()}

    def readiness(self) -> dict[str, str | None]:
        """Each part, and why it cannot do its work now, None where it can: others should get it."""
        return {name: part.ready() for name, part in self._parts.items()}

    def remarks(self) -> dict[str, str]:
        """What is to be known of parts."""
        return {name: remark for name, part in self._parts.items() if (remark := part.remark()) is not None}


class HealthApp:
    """The ASGI app for `GET /livez`, `/readyz` and `/metrics`; anything else is 404."""

    def __init__(self, health: Health) -> None:
        self._pages: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/livez": lambda: _state(health.living(), {}),
            "/readyz": lambda: _state(health.readiness(), health.remarks()),
            "/metrics": lambda: (200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY)),
        }

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        """Answer one request; its body, if any, is not read."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        page = self._pages.get(scope["path"])
        if page is None:
            await _answer(send, 404, _TEXT, b"not found\n")
        elif scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, 405, _TEXT, b"only GET is allowed here\n", (b"allow", b"GET, HEAD"))
        else:
            await _answer(send, *page())


def _state(troubles: dict[str, str | None], remarks: dict[str, str]) -> tuple[int, str, bytes]:
    """Each part by its name: what is wrong with it, or that it is well."""
    well = {name: f"ok: {remarks[name]}" if name in remarks else "ok" for name in troubles}
    said = well | {name: trouble for name, trouble in troubles.items() if trouble is not None}
    status = 200 if said == well else 503
    return status, "application/json", json.dumps(said).encode() + b"\n"


async def _answer(send: Send, status: int, content_type: str, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
