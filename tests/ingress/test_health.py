import httpx
import pytest

from worker.health import Health, HealthApp

from .conftest import Serve


def fine() -> None:
    return None


async def get(http: httpx.AsyncClient, serve: Serve, health: Health, path: str) -> httpx.Response:
    server = await serve(HealthApp(health))
    return await http.get(f"http://127.0.0.1:{server.port}{path}")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_each_part_is_named_and_all_is_well_when_none_complains(
    http: httpx.AsyncClient, serve: Serve, path: str
) -> None:
    health = Health()
    health.register("lanes", fine, fine)
    health.register("relay", fine, fine)
    answer = await get(http, serve, health, path)
    assert (answer.status_code, answer.json()) == (200, {"lanes": "ok", "relay": "ok"})


async def test_a_part_without_progress_is_named_with_its_reason(http: httpx.AsyncClient, serve: Serve) -> None:
    health = Health()
    health.register("lanes", lambda: "no poll for 61 s", fine)
    health.register("relay", fine, lambda: "no producer")
    answer = await get(http, serve, health, "/livez")
    assert (answer.status_code, answer.json()) == (503, {"lanes": "no poll for 61 s", "relay": "ok"})


async def test_a_part_that_cannot_work_now_is_not_ready_but_alive(http: httpx.AsyncClient, serve: Serve) -> None:
    health = Health()
    health.register("relay", fine, lambda: "no producer")
    answer = await get(http, serve, health, "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"relay": "no producer"})
    assert (await get(http, serve, health, "/livez")).status_code == 200


async def test_a_part_that_is_well_may_have_a_remark_and_is_ready_all_the_same(
    http: httpx.AsyncClient, serve: Serve
) -> None:
    health = Health()
    health.register("lookup", fine, fine, lambda: "no API key for test")
    answer = await get(http, serve, health, "/readyz")
    assert (answer.status_code, answer.json()) == (200, {"lookup": "ok: no API key for test"})


async def test_a_part_that_is_no_more_says_nothing(http: httpx.AsyncClient, serve: Serve) -> None:
    health = Health()
    health.register("relay", lambda: "stuck", lambda: "stuck")
    health.forget("relay")
    assert (await get(http, serve, health, "/livez")).json() == {}


async def test_metrics_are_given_in_prometheus_text(http: httpx.AsyncClient, serve: Serve) -> None:
    answer = await get(http, serve, Health(), "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "capital_loop_lag_seconds" in answer.text


async def test_only_get_and_head_are_allowed(http: httpx.AsyncClient, serve: Serve) -> None:
    server = await serve(HealthApp(Health()))
    site = f"http://127.0.0.1:{server.port}"
    assert (await http.post(f"{site}/livez")).status_code == 405
    head = await http.head(f"{site}/livez")
    assert (head.status_code, head.content) == (200, b"")


async def test_other_paths_are_404(http: httpx.AsyncClient, serve: Serve) -> None:
    assert (await get(http, serve, Health(), "/live")).status_code == 404
