"""The limits of one HTTP server: what each client and all of them together are granted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one server grants its clients.

    `idle_seconds` is longer than the idle time of common load balancers (60 s): closing first would make them send
    a request into a closing connection. An idle connection gives way when a new one finds the server full; so does
    one whose request has been coming for `undisturbed_seconds` and is still not whole.
    `answer_seconds` is the last resort behind the app's own deadlines, and bounds clients that do not read.
    `message_bytes` counts a request with its framing: a body may come in chunks of one byte. `fields` counts header
    lines: a short one takes thirty times its bytes in memory. `ahead_bytes` are those of further requests on one
    connection, sent before the one at hand is answered. `unread_bytes` of answers may wait for a slow reader.
    """

    connections: int = 1000
    head_bytes: int = 32 * 1024
    fields: int = 100
    message_bytes: int = 2 * 1024 * 1024
    pipelined: int = 16
    ahead_bytes: int = 16 * 1024
    unread_bytes: int = 16 * 1024
    head_seconds: float = 10
    undisturbed_seconds: float = 1
    idle_seconds: float = 75
    answer_seconds: float = 30
