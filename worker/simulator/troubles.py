"""Troubles of the simulated API, as scripted: what goes wrong, where, and how often; nothing fails by chance."""

from collections import deque
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from worker.simulator.api_answer import ApiAnswer, refused


class Silence(Enum):
    """No answer at all: the connection stays open until the client gives up."""

    FOR_EVER = "for_ever"


Trouble = ApiAnswer | Silence

HANG: Final = Silence.FOR_EVER
SERVER_ERROR: Final = refused(500, "An unknown error occurred.", type="api_error")
# Not Stripe's own: a gateway in between, whose page is no JSON.
BAD_GATEWAY: Final = ApiAnswer(502, "<html><body>Bad Gateway</body></html>", content_type="text/html")
DEAUTHORISED: Final = refused(403, "Application access may have been revoked.", code="account_invalid")
MISSING: Final = refused(404, "No such object.", code="resource_missing")


def rate_limited(retry_after: float | None = None) -> ApiAnswer:
    """429, with the seconds to wait where they are given."""
    answer = refused(429, "Too many requests in a period of time.", code="rate_limit")
    return ApiAnswer(answer.status, answer.body, retry_after=retry_after)


class Troubles:
    """What is scripted for which paths; a pattern is a path in which `*` stands for anything."""

    def __init__(self) -> None:
        self._once: dict[str, deque[Trouble]] = {}
        self._lasting: dict[str, Trouble] = {}

    def then(self, pattern: str, *troubles: Trouble) -> None:
        """The next requests to such paths meet these, one each, in this order, after those scripted before."""
        self._once.setdefault(pattern, deque()).extend(troubles)

    def always(self, pattern: str, trouble: Trouble) -> None:
        """Every request to such paths meets this, as long as nothing is scripted for the next one."""
        self._lasting[pattern] = trouble

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._once.clear()
        self._lasting.clear()

    def take(self, path: str) -> Trouble | None:
        """What the request to this path meets now; what was for one request is used up by it."""
        for pattern, waiting in self._once.items():
            if waiting and fnmatchcase(path, pattern):
                return waiting.popleft()
        return next((trouble for pattern, trouble in self._lasting.items() if fnmatchcase(path, pattern)), None)
