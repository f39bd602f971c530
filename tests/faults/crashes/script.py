"""What lies on the topic when the owners begin: ordinary lives, and one record of everything that can be wrong."""

import json
from dataclasses import dataclass
from functools import cache

from tests.journeys.webhooks import offer_event
from tests.journeys.worlds import WITHOUT_LOOKUPS
from worker.consumer.commands import DISCARD
from worker.ports import Headers
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.oracle import Expected, in_any_order, together
from worker.simulator.world import World
from worker.topic.partitioning import home_of

PARTITIONS = 2
# The partition whose lane is watched; what belongs on the other one must be passed on to it.
LANE = 0
SEED = 11
ACCOUNTS = 6
KINDS = ("repaid", "replaced", "canceled", "line_of_credit")
# One account of the lane, in which a record cannot be applied; the next two wait until it is discarded.
POISONED = "acct_poisoned"
SECOND, THIRD = "financingoffer_second", "financingoffer_third"


@dataclass(frozen=True)
class Script:
    """Records in their order, what must be told of them here, and how many must be passed on and buried."""

    records: tuple[tuple[bytes, Headers], ...]
    expected: Expected
    passed_on: int
    dead_letters: int


@cache
def script() -> Script:
    """The same each time."""
    world = World(seed=SEED, accounts=ACCOUNTS, kinds={kind: WITHOUT_LOOKUPS[kind] for kind in KINDS})
    events = disordered(world.events(), seed=SEED, disorder=Disorder(repeats=0.1, twins=0.1))
    bodies = [event.body for event in events]
    third = len(bodies) // 3
    records = [
        *_plain(*bodies[:third], offer_event("evt_1", account=POISONED), b"not JSON", _poison()),
        *_plain(*bodies[third : 2 * third], offer_event("evt_3", account=POISONED, id=SECOND)),
        _discard(offset=third + 2),
        *_plain(*bodies[2 * third :], offer_event("evt_4", account=POISONED, id=THIRD)),
    ]
    offers = (f"financingoffer_{POISONED}", SECOND, THIRD)
    told = in_any_order(*(f"live:{offer}:created" for offer in offers))
    here = [history.expected for history in world.histories if _at_home(history.account)]
    passed_on = sum(not _at_home(event.account) for event in events)
    return Script(tuple(records), together([*here, told]), passed_on, dead_letters=2)


def _plain(*bodies: bytes) -> list[tuple[bytes, Headers]]:
    return [(body, (("ce_id", b"evt_header"),)) for body in bodies]


def _poison() -> bytes:
    return offer_event("evt_2", "accepted", account=POISONED, envelope={"created": "yesterday"})


def _discard(offset: int) -> tuple[bytes, Headers]:
    command = {
        "id": "cmd_1",
        "type": DISCARD,
        "created": 1_735_578_600,
        "livemode": True,
        "account": POISONED,
        "data": {"object": {"reason": "poison", "record_offset": offset}},
    }
    return json.dumps(command).encode(), (("ce_type", DISCARD.encode()),)


def _at_home(account: str) -> bool:
    return home_of(account, PARTITIONS) == LANE
