"""Lost webhooks: for half a year one in twenty never comes. What Stripe still tells brings back all that it can."""

import sys

from tests.journeys.ongoing import DAY, Ongoing, figure, gone, named, settled
from tests.journeys.system import System
from tests.journeys.test_refills import Moment, played, wrong
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.losses import losing
from worker.simulator.oracle import Fault, judge, together

SEED = 7
SHARE = 0.05
DONE, DRIFTED = 0, 3
# Nothing that waits is asked about before somebody looks: what is found was lost, not healed in passing.
UNHURRIED = {"CAPITAL_ORDER_GRACE_SECONDS": "3600", "CAPITAL_GATE_GRACE_SECONDS": "3600"}


async def test_backfill_and_repair_bring_a_system_that_lost_webhooks_to_the_truth(system: System) -> None:
    ongoing = Ongoing(SEED)
    since = ongoing.now - 29 * DAY
    losses = losing(ongoing.sent(), SHARE, seed=SEED)
    async with played(system, ongoing.world, Moment(ongoing.now)):
        serve = await system.serve(**UNHURRIED)
        assert await Courier(system.url, system.secrets).deliver(disordered(losses.kept, seed=SEED)) == ()
        await settled(system)
        before = await system.run("reconcile")
        backfilled = await system.run("backfill", "--since", named(since))
        await settled(system)
        repaired = await system.run("reconcile", "--repair")
        await settled(system)
        after = await system.run("reconcile")
        statuses = [run.status for run in (before, backfilled, repaired, after)]
        assert statuses == [DRIFTED, DONE, DRIFTED, DONE], [run.out + run.err for run in (backfilled, after)]
        replayed = await system.run("replay", "--from-beginning")
        assert (replayed.status, replayed.out.count("no differences")) == (DONE, 1), replayed.out[-2_000:]
        assert await serve.terminate() == 0
    drifted = [figure(run.out, "drifted") for run in (before, repaired, after)]
    dropped = [event for event in losses.dropped if event.type.startswith("capital.")]
    sys.stdout.write(
        f"{len(ongoing.sent())} events, {len(dropped)} of Capital's dropped, "
        f"{len([event for event in dropped if event.created >= since])} of these within 29 days; "
        f"backfilled {figure(backfilled.out, 'new')}, repaired {figure(repaired.out, 'repaired')}; "
        f"drifted before, between and after: {drifted}\n"
    )
    assert drifted[0] > drifted[1] == figure(repaired.out, "repaired") > drifted[2] == 0
    await judged(system, ongoing, gone([*dropped, *ongoing.lost()], since))


async def judged(system: System, ongoing: Ongoing, unknowable: set[str]) -> None:
    """Of accounts whose histories are over: the tables are the truth, and only what cannot be known was never told."""
    assert await wrong(system, ongoing.truths()) == []
    whose = {("live" if history.livemode else "test", history.account) for history in ongoing.over()}
    told = [one.told for one in await system.notifications() if (one.id.partition(":")[0], one.account) in whose]
    expected = [part for history in ongoing.over() for part in (history.expected, history.missed)]
    problems = judge(told, together(expected))
    assert [problem for problem in problems if problem.fault is not Fault.LOST] == []
    assert {problem.subject for problem in problems} <= unknowable
