"""An answer of the simulated API, ready to be sent; it never says by itself which answer is the right one."""

import json
from dataclasses import dataclass

from worker.asgi import Send
from worker.simulator.events import JsonObject


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A status and a body as it is sent; `retry_after` in seconds goes into the header of that name."""

    status: int
    body: str
    content_type: str = "application/json"
    retry_after: float | None = None

    async def send(self, send: Send, request_id: str) -> None:
        """Send it whole."""
        body = self.body.encode()
        headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", self.content_type.encode()),
            (b"request-id", request_id.encode()),
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", f"{self.retry_after:g}".encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def answered(shown: JsonObject, status: int = 200) -> ApiAnswer:
    """The answer that shows an object."""
    return ApiAnswer(status, json.dumps(shown, indent=2))


def refused(status: int, message: str, **details: str) -> ApiAnswer:
    """The answer that says no, in Stripe's shape; `details` are the error's `code`, `param` and `type`."""
    return answered({"error": {"message": message, "type": "invalid_request_error"} | details}, status)
