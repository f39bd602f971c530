"""What is written as plain data is held to the schemas here: name for name, in their order, of their types."""

from collections.abc import Iterator, Sequence

from schemas.notifications import TYPES
from tests.contract.batches import HOME, PARTITION, records
from worker.consumer.deliberation import Deliberation, Known
from worker.consumer.notifications import Place, notify
from worker.consumer.reading import read
from worker.ports import Entry, Position
from worker.rules.facts import Cause, RepaymentInterval, Summary
from worker.rules.releases import DiscountSettled, LineOfCreditUpdated, Release, SummaryChanged
from worker.rules.state import AccountState, Link, Offer
from worker.simulator.kinds import ALL
from worker.simulator.world import World

EMPTY = Summary(None, None, None, None, None, None, None, None, None)
FULL = Summary("delivered", "offer_1", 1, 2, 3, 4, "usd", "0.1", RepaymentInterval(1_700_000_000, 5, 6))


def lived() -> Sequence[Entry]:
    """What a world of every kind of life tells."""
    deliberation = Deliberation(Position(PARTITION, 1, 0, 1), Known({}), HOME)
    taken = records([event.body for event in World(seed=5, accounts=2 * len(ALL), kinds=ALL).events()])
    for record in taken:
        deliberation.take(read(record))
    return [entry for entry in deliberation.batch(taken[-1]).entries if entry.destination == "notifications"]


def answered() -> Iterator[Entry]:
    """What only answers of Stripe's API bring, and what is rare."""
    releases: list[Release] = [
        SummaryChanged(EMPTY, 1),
        SummaryChanged(FULL, 2),
        LineOfCreditUpdated("evt_1", FULL),
        DiscountSettled(Offer("offer_2", link=Link("offer_1", "only_candidate", "inferred"))),
    ]
    for number, release in enumerate(releases, 1):
        yield notify(AccountState("acct_1", livemode=False), release, Cause("evt_1", 0), Place(number, 0, number))


def test_every_notification_is_what_its_schema_would_write_byte_for_byte() -> None:
    entries = [*lived(), *answered()]
    for entry in entries:
        assert TYPES[entry.type].model_validate_json(entry.value, strict=True).model_dump_json().encode() == entry.value
    assert {entry.type for entry in entries} == TYPES.keys()
