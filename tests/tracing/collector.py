"""A collector for tests: takes spans by OTLP over HTTP as a real one does, and keeps them."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from worker.asgi import Message, Receive, Send
from worker.http import HttpServer


@dataclass
class Collector:
    """What was sent, and where to send it."""

    endpoint: str = ""
    resources: list[dict[str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        assert scope["path"] == "/v1/traces"
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        if dict(scope["headers"]).get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        self._keep(ExportTraceServiceRequest.FromString(body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def _keep(self, request: ExportTraceServiceRequest) -> None:
        for sent in request.resource_spans:
            self.resources.append({one.key: one.value.string_value for one in sent.resource.attributes})
            for scope in sent.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """One that listens."""
    collector = Collector()
    server = HttpServer(collector, "127.0.0.1", 0)
    await server.start()
    collector.endpoint = f"http://127.0.0.1:{server.port}"
    try:
        yield collector
    finally:
        await server.stop(1)
