"""What is signed is never refused for what is in it: here is where it all ends."""

import asyncio
from collections.abc import Sequence
from random import Random

import httpx

from tests.fuzz.bodies import CANARY, body
from tests.fuzz.oracle import judge
from tests.journeys.system import System
from tests.journeys.webhooks import offer_event, post

INPUTS = 250
AT_ONCE = 10
# Many, since what comes behind a quarantined record is kept without being read.
ACCOUNTS = 100
HEALTHY = "acct_healthy"
HEALTHY_TOLD = f"live:financingoffer_{HEALTHY}:created"
# With so much that is bad, the brake would rightly stop every lane.
NO_BRAKE = {"CAPITAL_BRAKE_COUNT": "1000000"}


async def deliver(system: System, bodies: Sequence[bytes]) -> int:
    """How many of the bodies were accepted; each is answered as it deserves."""
    due = [judge(payload).due for payload in bodies]
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(payload: bytes) -> int:
        async with slots:
            return (await post(system.url, payload, system.secrets)).status_code

    statuses = await asyncio.gather(*map(one, bodies))
    wrong = [
        (status, owed, payload)
        for status, owed, payload in zip(statuses, due, bodies, strict=True)
        if (status == httpx.codes.OK) != (owed in {"accepted", "ignored"})
    ]
    assert wrong == []
    return due.count("accepted")


async def test_every_accepted_event_is_applied_parked_or_dead_lettered_and_no_lane_ends(system: System) -> None:
    await system.prepare()
    serve = await system.serve(**NO_BRAKE)
    accepted = await deliver(system, [body(Random(f"hostile/{number}"), number, ACCOUNTS) for number in range(INPUTS)])
    assert (await post(system.url, offer_event("evt_h", account=HEALTHY), system.secrets)).status_code == 200
    await system.settled({HEALTHY_TOLD})
    await system.caught_up()
    records = await system.events_topic.records()
    assert len(records) >= accepted + 1
    outcomes = {
        line.split('"')[1]: float(line.split()[-1])
        for line in (await serve.page("/metrics") or "").splitlines()
        if line.startswith("capital_records_total")
    }
    assert sum(outcomes.values()) >= len(records)
    assert min(outcomes[outcome] for outcome in ("applied", "unattributable", "quarantined", "parked")) > 0
    refused = int(outcomes["unattributable"] + outcomes["quarantined"])
    assert len(await system.dead_lettered(refused)) == refused
    for trouble in ("lane.interrupted", "lane.fenced", "lane.braked", "Traceback", CANARY):
        assert trouble not in serve.log()
    assert await serve.terminate() == 0
