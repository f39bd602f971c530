import json

from tests.journeys.system import System
from tests.replay.killing import killed

ROUNDS, SEED = 5, 81


async def test_a_replay_killed_again_and_again_resumes_and_ends_equal(system: System) -> None:
    found = await killed(system, ROUNDS, SEED)
    assert found.kills == ROUNDS
    assert found.at_work >= ROUNDS // 2, "the kills came before or after the work: they prove nothing"
    assert found.status == 0, found.report[-2_000:]
    assert json.loads(found.report.splitlines()[-1])["compared"]["accounts_that_differ"] == 0
