import asyncio
import json
from collections.abc import Callable

import httpx
import pytest
from structlog.testing import capture_logs

from worker.ingress.bodies import BodyLimits

from .client import connected, until
from .conftest import Running, Start
from .webhooks import LARGEST, NEW_SECRET, OLD_SECRET, body, body_with, offer, padded, request, signed

Counted = Callable[[str], float]
TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01".encode()


async def post(http: httpx.AsyncClient, running: Running, payload: bytes, signature: bytes | None = None) -> int:
    headers = {b"stripe-signature": signed(payload) if signature is None else signature}
    return (await http.post(running.webhooks, content=payload, headers=headers)).status_code


async def test_a_signed_capital_event_is_appended_untouched_and_then_acknowledged(
    http: httpx.AsyncClient, running: Running, counted: Counted
) -> None:
    payload = body() + b"\r\n \n"
    assert await post(http, running, payload) == 200
    [(key, value, headers)] = running.handoff.records
    assert (key, value) == (b"acct_1", payload)
    assert dict(headers)["ce_id"] == b"evt_1"
    assert dict(headers)["ce_type"] == b"com.stripe.capital.financing_offer.created"
    assert counted("accepted") == 1


@pytest.mark.parametrize(
    ("sent", "carried"),
    [
        ([TRACEPARENT], [TRACEPARENT]),
        ([], []),
        ([TRACEPARENT.upper()], []),
        ([TRACEPARENT, TRACEPARENT], []),
    ],
)
async def test_the_trace_of_a_gateway_is_carried_and_anything_else_is_left_out(
    http: httpx.AsyncClient, running: Running, sent: list[bytes], carried: list[bytes]
) -> None:
    headers = [(b"stripe-signature", signed(body())), *((b"traceparent", value) for value in sent)]
    assert (await http.post(running.webhooks, content=body(), headers=headers)).status_code == 200
    [(_, _, written)] = running.handoff.records
    assert [value for name, value in written if name == "traceparent"] == carried


async def test_no_answer_is_given_before_the_broker_has_the_event(http: httpx.AsyncClient, running: Running) -> None:
    running.handoff.waits_for = asyncio.Event()
    answer = asyncio.create_task(post(http, running, body()))
    await running.handoff.asked.wait()
    assert not answer.done()
    running.handoff.waits_for.set()
    assert await answer == 200


@pytest.mark.parametrize("secrets", [(OLD_SECRET,), (NEW_SECRET,), (NEW_SECRET, OLD_SECRET), ("whsec_x", OLD_SECRET)])
async def test_old_and_new_secrets_pass_while_one_is_rolled(
    http: httpx.AsyncClient, running: Running, secrets: tuple[str, ...]
) -> None:
    assert await post(http, running, body(), signed(body(), *secrets)) == 200


@pytest.mark.parametrize(
    ("signature", "outcome"),
    [
        (b"", "unsigned"),
        (b"t=1,v1=00", "wrong_signature"),
        (b"\xff\xfe", "wrong_signature"),
        (signed(body(), "whsec_x"), "wrong_signature"),
        (signed(body(), at=1_735_578_535), "stale_signature"),
    ],
)
async def test_what_is_not_signed_well_is_refused_with_400(
    http: httpx.AsyncClient, running: Running, counted: Counted, signature: bytes, outcome: str
) -> None:
    assert await post(http, running, body(), signature) == 400
    assert counted(outcome) == 1
    assert not running.handoff.records


async def test_a_webhook_without_the_header_is_refused_with_400(http: httpx.AsyncClient, running: Running) -> None:
    assert (await http.post(running.webhooks, content=body())).status_code == 400


@pytest.mark.parametrize("payload", [b"", b"no json", b"[]", b"{}", b'{"id":1,"type":"capital.x"}', b"\xff\xfe"])
async def test_a_signed_body_that_is_no_event_is_refused_with_400(
    http: httpx.AsyncClient, running: Running, payload: bytes
) -> None:
    assert await post(http, running, payload) == 400
    assert not running.handoff.records


async def test_other_stripe_types_are_acknowledged_counted_and_dropped(
    http: httpx.AsyncClient, running: Running, counted: Counted
) -> None:
    assert await post(http, running, body(type="charge.succeeded")) == 200
    assert await post(http, running, body(type="capital")) == 200
    assert counted("ignored") == 2
    assert not running.handoff.records


async def test_a_capital_type_that_nobody_knows_is_kept(http: httpx.AsyncClient, running: Running) -> None:
    assert await post(http, running, body(type="capital.something.new")) == 200
    assert len(running.handoff.records) == 1


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (body(account="acct_1"), b"acct_1"),
        (body(account="acct_2"), b"evt_1"),
        (body(data=offer(account=None)), b"evt_1"),
        (body(data=offer(account=7)), b"evt_1"),
        (body(data=[]), b"evt_1"),
        (body(livemode="yes"), b"acct_1"),
        (body(created=10**400), b"acct_1"),
        (body_with("[" * 10_000 + "]" * 10_000), b"acct_1"),
        (body_with("NaN"), b"acct_1"),
        (body_with("9" * 5_000), b"acct_1"),
        (body_with('"\\ud800"'), b"acct_1"),
        (body(id="evt\r\n\x00", account="acct_2"), b"evt%0D%0A%00"),
        (body().replace(b"acct_1", b"acct_\\ud800"), b"acct_%ED%A0%80"),
        (body(id="e" * 100_000), b"acct_1"),
    ],
)
async def test_a_signed_capital_event_is_never_refused_for_what_is_in_it(
    http: httpx.AsyncClient, running: Running, payload: bytes, key: bytes
) -> None:
    assert await post(http, running, payload) == 200
    [(written, value, headers)] = running.handoff.records
    assert (written, value) == (key, payload)
    assert all(content.decode("utf-8").isprintable() for _, content in headers)


async def test_a_body_of_256_kib_is_taken(http: httpx.AsyncClient, running: Running) -> None:
    assert await post(http, running, padded(LARGEST)) == 200


async def test_one_byte_more_is_refused_with_413_before_it_is_sent(running: Running, counted: Counted) -> None:
    async with connected(running.port) as client:
        await client.send(request(padded(LARGEST + 1)).split(b"\r\n\r\n")[0] + b"\r\n\r\n")
        answer = await client.answer()
        assert answer.status == 413
        assert answer.headers["connection"] == "close"
        await client.closed()
    assert counted("too_large") == 1


async def test_a_chunked_body_over_256_kib_is_refused_with_413_while_it_comes(running: Running) -> None:
    async with connected(running.port) as client:
        await client.send(b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        await client.send((b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 4 + b"1\r\nx\r\n")
        assert (await client.answer()).status == 413
        await client.closed()
    assert running.bodies.held_bytes == 0


async def test_a_chunked_body_within_the_limit_is_taken(running: Running) -> None:
    payload = padded(LARGEST)
    async with connected(running.port) as client:
        await client.send(
            b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nstripe-signature: "
            + signed(payload)
            + b"\r\n\r\n"
        )
        for start in range(0, LARGEST, 50_000):
            part = payload[start : start + 50_000]
            await client.send(b"%x\r\n%b\r\n" % (len(part), part))
        await client.send(b"0\r\n\r\n")
        assert (await client.answer()).status == 200
    assert running.handoff.records[0][1] == payload


async def test_a_broker_that_does_not_acknowledge_is_503_with_retry_after(
    http: httpx.AsyncClient, running: Running, counted: Counted
) -> None:
    running.handoff.fails = True
    answer = await http.post(running.webhooks, content=body(), headers={"stripe-signature": signed(body()).decode()})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert counted("unavailable") == 1


async def test_a_handoff_that_forgets_its_deadline_is_ended_with_503(http: httpx.AsyncClient, start: Start) -> None:
    running = await start(append_seconds=0.05)
    running.handoff.waits_for = asyncio.Event()
    assert await post(http, running, body()) == 503
    assert running.bodies.held_bytes == 0


async def test_a_defect_is_500_counted_and_holds_no_bytes(
    http: httpx.AsyncClient, running: Running, counted: Counted
) -> None:
    running.handoff.broken = ZeroDivisionError("a defect")
    assert await post(http, running, body()) == 500
    assert counted("failed") == 1
    assert running.bodies.held_bytes == 0


async def test_a_body_that_stops_coming_is_408_and_the_connection_is_closed(start: Start, counted: Counted) -> None:
    running = await start(body_limits=BodyLimits(seconds=0.05))
    async with connected(running.port) as client:
        await client.send(request(body())[:-10])
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        await client.closed()
    assert counted("too_slow") == 1
    assert running.bodies.held_bytes == 0


async def test_a_body_that_trickles_is_no_better(start: Start) -> None:
    running = await start(body_limits=BodyLimits(seconds=0.1))
    async with connected(running.port) as client:
        await client.send(request(body())[:-50])
        answer = asyncio.create_task(client.answer())
        while not answer.done():
            await client.send(b"x")
            await asyncio.wait({answer}, timeout=0.03)
        assert (await answer).status == 408


@pytest.mark.parametrize("half_closed", [True, False])
async def test_a_client_that_leaves_mid_body_is_let_go(
    running: Running, counted: Counted, *, half_closed: bool
) -> None:
    async with connected(running.port) as client:
        await client.send(request(body())[:-10])
        await until(lambda: running.bodies.held_bytes > 0)
        if half_closed:
            client.writer.write_eof()
        else:
            client.writer.transport.abort()
        await until(lambda: counted("abandoned") == 1)
    assert running.bodies.held_bytes == 0
    assert not running.handoff.records


async def test_over_the_bytes_in_flight_is_503_with_retry_after_until_some_are_done(
    http: httpx.AsyncClient, start: Start, counted: Counted
) -> None:
    running = await start(body_limits=BodyLimits(all_bytes=len(body()) + 10))
    running.handoff.waits_for = asyncio.Event()
    first = asyncio.create_task(post(http, running, body()))
    await running.handoff.asked.wait()
    refused = await http.post(running.webhooks, content=body(), headers={"stripe-signature": signed(body()).decode()})
    assert (refused.status_code, refused.headers["connection"]) == (503, "close")
    assert int(refused.headers["retry-after"]) > 0
    running.handoff.waits_for.set()
    assert await first == 200
    assert await post(http, running, body()) == 200
    assert counted("overloaded") == 1


async def test_an_announced_length_alone_takes_nobodys_place(http: httpx.AsyncClient, start: Start) -> None:
    running = await start(body_limits=BodyLimits(all_bytes=LARGEST))
    async with connected(running.port) as first, connected(running.port) as second:
        for client in (first, second):
            await client.send(b"POST /webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 262144\r\n\r\n")
        assert await post(http, running, body()) == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_only_post_is_allowed(http: httpx.AsyncClient, running: Running, method: str) -> None:
    answer = await http.request(method, running.webhooks)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks/stripe/", "/webhooks/stripe/x", "//webhooks/stripe"])
async def test_other_paths_are_404(http: httpx.AsyncClient, running: Running, path: str) -> None:
    answer = await http.post(f"http://127.0.0.1:{running.port}{path}", content=body())
    assert answer.status_code == 404


async def test_health_and_metrics_are_answered_on_the_same_port(http: httpx.AsyncClient, running: Running) -> None:
    site = f"http://127.0.0.1:{running.port}"
    assert (await http.get(f"{site}/livez")).json() == {}
    assert (await http.get(f"{site}/readyz")).json() == {}
    await post(http, running, body())
    assert 'capital_ingress_requests_total{outcome="accepted"}' in (await http.get(f"{site}/metrics")).text


async def test_refusals_are_logged_without_payload_header_or_secret(http: httpx.AsyncClient, running: Running) -> None:
    payload = body(id="evt_confidential")
    with capture_logs() as lines:
        for _ in range(20):
            await post(http, running, payload, signed(payload, "whsec_guess"))
    assert len(lines) == 1
    assert dict(lines[0]) == {
        "event": "webhook.refused",
        "outcome": "wrong_signature",
        "unlogged": 0,
        "log_level": "warning",
    }


async def test_answers_say_what_happened_and_echo_nothing(http: httpx.AsyncClient, running: Running) -> None:
    payload = json.dumps({"id": "evt_confidential"}).encode()
    answer = await http.post(running.webhooks, content=payload, headers={"stripe-signature": signed(payload).decode()})
    assert answer.text == "the body is not a JSON object with an id and a type\n"
    assert set(answer.headers) == {"content-type", "content-length"}
