"""One poisoned account among a thousand: nobody else waits, and after the fix it is as if the poison had never been.

Two systems take the same records, at the same offsets and times; one of them has the poison. What must be equal:

- of every other account: every byte of every row and notification;
- of the poisoned one: every byte, too, but that it was once told `attention` with reason `quarantined`, so that what
  came later has a sequence greater by one; the account's row remembers that it was told; a copy is on the dead-letter
  topic; and the event log has the operator's command.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from tests.journeys.child import Child
from tests.journeys.everything import Account, Key, Row, Told, everything
from tests.journeys.system import Finished, System
from worker.embedded import Kafka, Postgres
from worker.simulator.disorder import disordered
from worker.simulator.histories import History
from worker.simulator.kinds import KINDS, REFILLS
from worker.simulator.world import World

KINDS_LIVED = {**KINDS, **{name: REFILLS[name] for name in ("paydown_repaid", "stacked_repaid")}}
WORLD = World(seed=17, accounts=1_000, kinds=KINDS_LIVED)
EVENTS = disordered(WORLD.events(), seed=17)
# The same for both systems, and not so long ago that the broker would remove the records.
FIRST_MS = int(time.time() - 3_600) * 1000


def poisoned() -> History:
    """A life with a refill, in the midst of the others, of an account that lives no other."""
    lives = Counter(history.account for history in WORLD.histories)
    return next(
        history for history in WORLD.histories[500:] if history.kind == "paydown_repaid" and lives[history.account] == 1
    )


ILL = poisoned().account
KEY: Key = (poisoned().livemode, ILL)
ATTENTION = f"{'live' if KEY[0] else 'test'}:{ILL}:attention:quarantined:{ILL}"


@dataclass
class Poison:
    """What makes records of one account impossible to apply; the reason given, and what a redrive says too early."""

    reason: str
    refused: str

    async def start(self, system: System) -> Child:
        raise NotImplementedError

    async def cure(self, system: System, consume: Child) -> None:
        raise NotImplementedError


class Bug(Poison):
    """A release whose rules fail; the next one does not."""

    async def start(self, system: System) -> Child:
        return system.child("consume", module=("tests.journeys.flawed", ILL))

    async def cure(self, system: System, consume: Child) -> None:
        assert await consume.terminate() == 0
        healthy = system.child("consume")
        healthy.start()
        await healthy.ready()


class Constraint(Poison):
    """A table that does not take what the rules do, until somebody changes the table."""

    async def start(self, system: System) -> Child:
        await system.rows(f"ALTER TABLE transaction ADD CONSTRAINT other CHECK (account <> '{ILL}')")
        return system.child("consume")

    async def cure(self, system: System, consume: Child) -> None:
        await system.rows("ALTER TABLE transaction DROP CONSTRAINT other")


BUG = Bug("the rules failed: ZeroDivisionError", "which blocks now: the rules failed: ZeroDivisionError")
CONSTRAINT = Constraint(
    "postgres refused the data: CheckViolationError, table transaction, constraint other",
    "would fail again: postgres refused the data: CheckViolationError, table transaction, constraint other",
)


@pytest.fixture(scope="module")
async def healthy(kafka: Kafka, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Key, Account]:
    """What becomes of the same records without the poison."""
    system = System("calm", kafka.bootstrap, postgres.url, tmp_path_factory.mktemp("calm") / "roles")
    await system.prepare()
    await system.events_topic.feed(EVENTS, FIRST_MS)
    consume = system.child("consume")
    consume.start()
    await system.caught_up()
    assert await consume.terminate() == 0
    found = await everything(system)
    await system.close()
    return found


@pytest.mark.parametrize("poison", [pytest.param(BUG, id="bug"), pytest.param(CONSTRAINT, id="constraint")])
async def test_one_poisoned_account_among_a_thousand_waits_alone_and_after_the_fix_nothing_shows_that_it_did(
    healthy: Mapping[Key, Account], systems: Callable[[], System], poison: Poison
) -> None:
    ill = systems()
    await ill.prepare()
    await ill.events_topic.feed(EVENTS, FIRST_MS)
    consume = await poison.start(ill)
    consume.start()
    await ill.settled(told_to(healthy, lambda key: key != KEY) | {ATTENTION})
    await ill.caught_up()

    meanwhile = await everything(ill)
    assert {key: found for key, found in meanwhile.items() if key != KEY and found != healthy[key]} == {}
    assert meanwhile.keys() == healthy.keys()
    assert_waits(meanwhile[KEY], healthy[KEY], poison.reason)

    assert ILL in (await ill.run("dead-letters", "list")).out
    early = await redriven(ill)
    assert early.status == 1
    assert poison.refused in early.out + early.err
    await poison.cure(ill, consume)
    late = await redriven(ill)
    assert (late.status, late.out.splitlines()[-1]) == (0, "applied: the account flows again")
    assert (await ill.run("dead-letters", "list")).out == "nothing is quarantined\n"
    await ill.settled(told_to(healthy, lambda key: key == KEY))

    after = await everything(ill)
    assert {key: found for key, found in after.items() if key != KEY and found != healthy[key]} == {}
    assert as_if_never(after[KEY]) == healthy[KEY]


def told_to(accounts: Mapping[Key, Account], chosen: Callable[[Key], bool]) -> set[str]:
    """The ids of what these accounts were told."""
    return {told.headers["ce_id"] for key, account in accounts.items() if chosen(key) for told in account.told}


async def redriven(system: System) -> Finished:
    return await system.run("dead-letters", "redrive", ILL, *([] if KEY[0] else ["--test"]))


def assert_waits(ill: Account, healthy: Account, reason: str) -> None:
    """It was told what came before the poison, and why it waits; from the poison on all is parked, in order."""
    *before, attention = ill.told
    assert before == healthy.told[: len(before)]
    assert attention.headers["ce_id"] == ATTENTION
    assert attention.data["detail"] == reason
    parked = ill.rows["parked"]
    assert [row["reason"] for row in parked] == [reason] + [None] * (len(parked) - 1)
    arrived = [event.id for event in EVENTS if (event.livemode, event.account) == KEY]
    assert [row["event_id"] for row in parked] == arrived[-len(parked) :]
    assert len(parked) > 1


def as_if_never(account: Account) -> Account:
    """An account without what a quarantine leaves behind."""
    (at,) = (told.sequence for told in account.told if told.headers["ce_id"] == ATTENTION)
    rows = dict(account.rows)
    rows["account"] = [_unaware(row) for row in rows["account"]]
    rows["event"] = [row for row in rows["event"] if not row["type"].startswith("capital.command.")]
    owed = [row for row in rows["outbox"] if row["destination"] == "notifications" and row["id"] != ATTENTION]
    rows["outbox"] = [row | {"sequence": _renumbered(row["sequence"], at)} for row in owed]
    told = [told for told in account.told if told.headers["ce_id"] != ATTENTION]
    return Account(rows, [_earlier(one, at) for one in told])


def _unaware(row: Row) -> Row:
    """An account's row that does not know of its quarantine."""
    attention = [one for one in row["facts"]["attention"] if one != ["quarantined", ILL]]
    return row | {"sequence": row["sequence"] - 1, "facts": row["facts"] | {"attention": attention}}


def _earlier(told: Told, at: int) -> Told:
    sequence = f"{_renumbered(told.sequence, at):010d}"
    return replace(told, headers={**told.headers, "ce_sequence": sequence})


def _renumbered(sequence: int, at: int) -> int:
    return sequence - 1 if sequence > at else sequence
