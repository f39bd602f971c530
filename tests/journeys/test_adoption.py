"""Adoption: a platform whose financings are under way takes the system in, in silence, and goes on loudly and right."""

import sys

import pytest

from tests.journeys.ongoing import DAY, Ongoing, figure, gone, named, settled, told_by
from tests.journeys.system import System
from tests.journeys.test_refills import Moment, played, wrong
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.oracle import Expected, judge, together

SEED = 9
DONE = 0
# Refills whose discount Stripe never shows are a person's business, however they came into the tables.
LATER = ":attention:discount_undetermined:"


@pytest.mark.parametrize("early", [0, 60])
async def test_a_system_deployed_mid_life_takes_the_past_in_silence_and_tells_all_that_comes_after(
    system: System, early: int
) -> None:
    """Of the webhooks since its endpoint was made, so many come before the past does."""
    ongoing = Ongoing(SEED)
    adopted = ongoing.now - 20 * DAY
    before = [event for event in ongoing.sent() if event.created < adopted]
    after = disordered(ongoing.sent(since=adopted), seed=SEED)
    moment = Moment(ongoing.now if early else adopted)
    listed_since = int(moment.second) - 29 * DAY
    async with played(system, ongoing.world, moment):
        serve = await system.serve()
        courier = Courier(system.url, system.secrets)
        assert await courier.deliver(after[:early]) == ()
        done = await system.run("backfill", "--quiet", "--since", "2020-01-01", "--until", named(adopted))
        assert done.status == DONE, done.err
        await settled(system)
        silent = [one.id for one in await system.notifications() if LATER not in one.id]
        assert early or silent == []
        # Stripe goes on trying for days to deliver what happened before: nobody is told of it now.
        assert await courier.deliver(before[-50:]) == ()
        moment.second = ongoing.now
        assert await courier.deliver(after[early:]) == ()
        await settled(system)
        reconciled = await system.run("reconcile", "--repair")
        await settled(system)
        replayed = await system.run("replay", "--from-beginning")
        assert (replayed.status, replayed.out.count("no differences")) == (DONE, 1), replayed.out[-2_000:]
        assert await serve.terminate() == 0
    told = [one.told for one in await system.notifications()]
    sys.stdout.write(
        f"{early} webhooks, then {figure(done.out, 'new')} records in silence, {len(silent)} notifications by then; "
        f"{len(after) - early} webhooks after it, {len(told)} notifications; "
        f"drifted {figure(reconciled.out, 'drifted')} of {figure(reconciled.out, 'offers')} offers\n"
    )
    ids = {one for one, _, _ in told}
    assert told_by(after) <= ids
    assert judge(told, expected(ongoing, told_by(after), ids)) == []
    # Of accounts whose webhooks were there first, Stripe was asked before their past came; nobody else's past is told.
    asked = {event.account for event in after} if early else set()
    assert {one for one, account, _ in told if account not in asked} & told_by(before) == set()
    unknowable = {one.split(":")[1] for one in gone(before, listed_since)}
    untrue = await wrong(system, ongoing.truths())
    assert [line for line in untrue if not any(offer in line for offer in unknowable)] == []


def expected(ongoing: Ongoing, news: set[str], told: set[str]) -> Expected:
    """All that is news; beside it may stand what only Stripe's API told of, but nothing that the histories do not."""
    whole = together([ongoing.world.expected, *(history.missed for history in ongoing.world.histories)])
    ids = news | (whole.ids & told)
    return Expected(frozenset(ids), frozenset(pair for pair in whole.order if ids.issuperset(pair)))
