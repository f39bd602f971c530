import sys

import pytest
from structlog.testing import capture_logs

from tests.tracing.collector import collecting
from worker.attending import ENDPOINTS, traced
from worker.spans import MOST_LINKS
from worker.traceparent import derived, trace_id
from worker.tracing import TRACING

BROUGHT = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENDPOINTS, "OTEL_SERVICE_NAME", "OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER"):
        monkeypatch.delenv(name, raising=False)


async def exported(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Make one span of each kind, and one that fails, and end."""
    monkeypatch.setenv(ENDPOINTS[0], endpoint)
    async with traced("serve", {ENDPOINTS[0]: endpoint}):
        with TRACING.webhook(BROUGHT, "evt_1"):
            pass
        with pytest.raises(ValueError, match="secret"), TRACING.webhook(None, "evt_2"):
            raise ValueError("a secret")
        with TRACING.batch(3, 17, (derived(f"evt_{number // 2}") for number in range(1_000))):
            pass
        with TRACING.publication(2, [BROUGHT, BROUGHT]):
            pass


async def test_spans_reach_a_collector_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with collecting() as collector:
        await exported(monkeypatch, collector.endpoint)
    assert collector.resources[0]["service.name"] == "capital-worker"
    assert collector.resources[0]["capital.role"] == "serve"
    brought, named = collector.named("webhook.append")
    assert (brought.trace_id.hex(), brought.parent_span_id.hex()) == ("a" * 32, "b" * 16)
    assert named.trace_id.hex() == trace_id(derived("evt_2"))
    (batch,) = collector.named("lane.batch")
    assert {one.key: one.value.int_value for one in batch.attributes} == {"partition": 3, "offset": 17}
    assert not batch.parent_span_id
    assert [link.trace_id.hex() for link in batch.links] == [
        trace_id(derived(f"evt_{number}")) for number in range(MOST_LINKS)
    ]
    (publication,) = collector.named("relay.publish")
    assert [link.trace_id.hex() for link in publication.links] == ["a" * 32]


async def test_a_span_tells_what_kind_of_error_ended_it_and_not_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async with collecting() as collector:
        await exported(monkeypatch, collector.endpoint)
    _, failed = collector.named("webhook.append")
    assert failed.status.message == "ValueError"
    assert b"secret" not in failed.SerializeToString()


async def test_without_an_endpoint_nothing_is_made() -> None:
    async with traced("serve", {}):
        assert TRACING.spans is None
        assert TRACING.webhook(None, "evt_1") is TRACING.batch(0, 0, ())


async def test_without_the_sdk_it_is_said_once_and_the_role_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "worker.spans", None)
    with capture_logs() as lines:
        async with traced("serve", {ENDPOINTS[1]: "http://127.0.0.1:4318"}):
            assert TRACING.spans is None
    assert [line["event"] for line in lines] == ["tracing.missing"]
