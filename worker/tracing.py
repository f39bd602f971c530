"""Spans for whoever runs a collector: of a webhook, a batch, a publication; never of one record, nor unless asked for.

They are sent where OpenTelemetry's own variables name an endpoint and its SDK is installed. Else nothing is loaded.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Literal, Protocol

from worker.traceparent import derived

SpanName = Literal["webhook.append", "lane.batch", "relay.publish"]
Attributes = Mapping[str, str | int]
Span = AbstractContextManager[object]

_NOTHING: Final = nullcontext()


class Spans(Protocol):
    """What makes spans and sends them. Traces are named as in `traceparent`."""

    def within(self, name: SpanName, traceparent: str, attributes: Attributes) -> Span:
        """A span in a trace."""
        ...

    def linking(self, name: SpanName, traceparents: Iterable[str], attributes: Attributes) -> Span:
        """A span of a trace of its own that leads to others."""
        ...

    async def close(self) -> None:
        """Send what is left, for no more than a moment."""
        ...


class Tracing:
    """This process's spans; each method gives what is to be entered around the work."""

    def __init__(self) -> None:
        self.spans: Spans | None = None

    def webhook(self, traceparent: str | None, event_id: str) -> Span:
        """A genuine event on its way to the broker, in the trace that its record will have."""
        if self.spans is None:
            return _NOTHING
        trace = traceparent or derived(event_id)
        return self.spans.within("webhook.append", trace, {"messaging.message.id": event_id})

    def batch(self, partition: int, offset: int, traceparents: Iterable[str]) -> Span:
        """Records from the first offset on, decided and committed."""
        if self.spans is None:
            return _NOTHING
        return self.spans.linking("lane.batch", traceparents, {"partition": partition, "offset": offset})

    def publication(self, entries: int, traceparents: Iterable[str]) -> Span:
        """Entries published in one Kafka transaction."""
        if self.spans is None:
            return _NOTHING
        return self.spans.linking("relay.publish", traceparents, {"messaging.batch.message_count": entries})


TRACING: Final = Tracing()
