"""Spans by OpenTelemetry's SDK, and the only import of it; never with an error's message, which may quote data."""

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Thread
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from worker.tracing import Attributes, SpanName

# The SDK would keep no more of a span's links by default.
MOST_LINKS: Final = 128
# A collector that is away must not hold up a process that ends.
CLOSE_SECONDS: Final = 2
KINDS: Final = {
    "webhook.append": SpanKind.SERVER,
    "lane.batch": SpanKind.CONSUMER,
    "relay.publish": SpanKind.PRODUCER,
}


class OpenTelemetry:
    """Makes spans and sends them in the background (see `worker.tracing.Spans`); the environment says where to."""

    def __init__(self, role: str) -> None:
        name = os.environ.get("OTEL_SERVICE_NAME") or "capital-worker"
        resource = Resource.create({"service.name": name, "capital.role": role})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("capital-worker")

    @contextmanager
    def within(self, name: SpanName, traceparent: str, attributes: Attributes) -> Iterator[None]:
        """A span in a trace."""
        with self._span(name, parent=traceparent, links=(), attributes=attributes):
            yield

    @contextmanager
    def linking(self, name: SpanName, traceparents: Iterable[str], attributes: Attributes) -> Iterator[None]:
        """A span of a trace of its own that leads to the first 128 others."""
        links = islice(dict.fromkeys(traceparents), MOST_LINKS)
        with self._span(name, parent=None, links=links, attributes=attributes):
            yield

    @contextmanager
    def _span(
        self, name: SpanName, *, parent: str | None, links: Iterable[str], attributes: Attributes
    ) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            name,
            set_span_in_context(NonRecordingSpan(_context(parent))) if parent else None,
            KINDS[name],
            dict(attributes),
            [Link(_context(link)) for link in links],
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    async def close(self) -> None:
        """Send what is left, for two seconds at most."""
        # Not asyncio's own threads: their end is waited for.
        closing = Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, CLOSE_SECONDS)


def _context(traceparent: str) -> SpanContext:
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
