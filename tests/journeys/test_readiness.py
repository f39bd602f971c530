"""Readiness tells the truth, with real parts; so does liveness, which trouble with others never touches."""

import json
from collections.abc import Callable

import httpx

from tests.journeys.child import Child
from tests.journeys.forwarder import Forwarder
from tests.journeys.silence import silent
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post
from worker.embedded import Kafka

SECONDS = 60
NO_KEY = "ok: no API key for live and test: what is asked there stays unknown"


async def state(child: Child, path: str) -> dict[str, str]:
    """What a page says of each part, whatever its status."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        return json.loads((await client.get(child.address + path)).text)  # type: ignore[no-any-return]  # JSON


async def says(child: Child, part: str, expected: Callable[[str], bool]) -> None:
    """Return once readiness says this of a part."""

    async def said() -> bool:
        return expected((await state(child, "/readyz"))[part])

    await child.until(said, "saying what is expected", SECONDS)


async def test_an_ingress_listens_before_it_has_reached_kafka_and_answers_503_until_then(system: System) -> None:
    await system.topics()
    async with Forwarder(system.environ["CAPITAL_KAFKA_BOOTSTRAP"]) as forwarder:
        ingress = system.child("ingress", CAPITAL_KAFKA_BOOTSTRAP=forwarder.address)
        ingress.start()
        await ingress.logged("start.waiting")
        assert await state(ingress, "/livez") == {"ingress": "ok"}
        assert await ingress.page("/readyz") is None
        assert await state(ingress, "/readyz") == {"ingress": "starting"}
        refused = await post(system.url, offer_event("evt_1"), system.secrets)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        await forwarder.open()
        await ingress.ready()
        assert (await post(system.url, offer_event("evt_1"), system.secrets)).status_code == 200
        assert await ingress.terminate() == 0


async def test_a_broker_that_falls_silent_ends_readiness_and_not_life_until_it_answers_again(
    system: System, kafka: Kafka
) -> None:
    await system.prepare()
    ingress, lookup = system.child("ingress"), system.child("lookup")
    for child in (ingress, lookup):
        child.start()
    for child in (ingress, lookup):
        await child.ready()
    assert await state(lookup, "/readyz") == {"lookup": NO_KEY}
    async with silent(kafka):
        for child, part in ((ingress, "ingress"), (lookup, "lookup")):
            await says(child, part, lambda said: said.startswith("no answer from Kafka for "))
            assert await child.page("/readyz") is None
            assert await state(child, "/livez") == {part: "ok"}
    await says(ingress, "ingress", lambda said: said == "ok")
    await says(lookup, "lookup", lambda said: said == NO_KEY)
    assert (await post(system.url, offer_event("evt_1"), system.secrets)).status_code == 200
    assert [await child.terminate() for child in (ingress, lookup)] == [0, 0]
