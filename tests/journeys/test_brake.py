from tests.journeys.system import System
from tests.journeys.webhooks import offer_event

BAD = {"created": "yesterday"}
ATTEMPTS = 4


async def test_a_brake_that_is_on_lets_nothing_more_pass_however_often_its_lane_begins_again(system: System) -> None:
    await system.prepare()
    settings = {"CAPITAL_BRAKE_COUNT": "2", "CAPITAL_BRAKE_RATIO": "0.1", "CAPITAL_BATCH_SIZE": "1"}
    serve = await system.serve(**settings)
    # One key, so one lane; one record a batch, so that no batch alone is too much.
    for number in range(6):
        body = offer_event(f"evt_{number}", account="acct_same", envelope=BAD | {"livemode": number % 2 == 0})
        await system.events_topic.write(body, b"acct_same")

    async def braked() -> bool:
        return serve.log().count("lane.braked") >= ATTEMPTS

    await serve.until(braked, "braked again and again", seconds=30)
    assert await system.rows("SELECT count(*) FROM parked") == [(1,)]
    assert await system.rows("SELECT max(next_offset) FROM cursor") == [(1,)]
