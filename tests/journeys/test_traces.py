"""A trace goes from the webhook's request to every notification that the webhook releases, whatever happens between."""

import httpx
import pytest

from tests.journeys import mishaps
from tests.journeys.system import PARTITIONS, System
from tests.journeys.webhooks import offer_event, post
from tests.tracing.collector import collecting
from worker.embedded.free_ports import free_ports
from worker.topic.partitioning import home_of
from worker.traceparent import derived, trace_id

TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"
BAD = {"created": "yesterday"}


async def deliver(system: System, body: bytes, **headers: str) -> None:
    assert (await post(system.url, body, system.secrets, **headers)).status_code == httpx.codes.OK


async def traces(system: System, *awaited: str) -> dict[str, tuple[str, str]]:
    """Of each notification, the record that released it and the trace."""
    return {
        told.id: (told.headers["ce_causationid"], told.headers["traceparent"]) for told in await system.settled(awaited)
    }


@pytest.mark.unreplayable(reason="its topic is trimmed; it replays itself")
async def test_a_gateway_s_trace_reaches_the_notification_and_others_are_named_by_the_event(system: System) -> None:
    await system.prepare()
    serve = await system.serve()
    await deliver(system, offer_event("evt_1"), traceparent=TRACEPARENT)
    await deliver(system, offer_event("evt_2", "accepted", status="accepted"), traceparent="00-unsound")
    created, accepted = "live:financingoffer_acct_1:created", "live:financingoffer_acct_1:accepted"
    told = await traces(system, created, accepted)
    assert told[created] == ("evt_1", TRACEPARENT)
    assert told[accepted] == ("evt_2", derived("evt_2"))
    brought = [dict(record.headers).get("traceparent") for record in await system.events_topic.records()]
    assert brought == [TRACEPARENT.encode(), None]
    assert await serve.terminate() == 0
    replayed = await system.run("replay", "--from-beginning")
    assert (replayed.status, replayed.out.count("no differences")) == (0, 1), replayed.out[-2_000:]
    await mishaps.trim(system, home_of("acct_1", PARTITIONS), 2)
    replayed = await system.run("replay", "--from-beginning", "--from-log")
    assert (replayed.status, replayed.out.count("no differences")) == (0, 1), replayed.out[-2_000:]


async def test_a_trace_outlives_a_quarantine(system: System) -> None:
    await system.prepare()
    serve = await system.serve()
    await deliver(system, offer_event("evt_bad", envelope=BAD))
    await deliver(system, offer_event("evt_1"), traceparent=TRACEPARENT)
    await system.caught_up()
    assert derived("evt_bad")[3:35] in serve.log()
    assert (await system.run("dead-letters", "discard", "acct_1", "--offset", "0", "--reason", "bad")).status == 0
    created = "live:financingoffer_acct_1:created"
    assert (await traces(system, created))[created] == ("evt_1", TRACEPARENT)


async def test_the_spans_of_a_running_system_lead_from_the_webhook_to_the_publication(system: System) -> None:
    await system.prepare()
    async with collecting() as collector:
        serve = await system.serve(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint)
        await deliver(system, offer_event("evt_1"), traceparent=TRACEPARENT)
        await traces(system, "live:financingoffer_acct_1:created")
        assert await serve.terminate() == 0
    (webhook,) = collector.named("webhook.append")
    assert webhook.trace_id.hex() == trace_id(TRACEPARENT)
    for name in ("lane.batch", "relay.publish"):
        assert trace_id(TRACEPARENT) in {link.trace_id.hex() for span in collector.named(name) for link in span.links}


async def test_a_collector_that_is_away_delays_nothing(system: System) -> None:
    await system.prepare()
    (nobody,) = free_ports(1)
    serve = await system.serve(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{nobody}")
    await deliver(system, offer_event("evt_1"))
    await traces(system, "live:financingoffer_acct_1:created")
    assert await serve.terminate() == 0
