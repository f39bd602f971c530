"""A refill-heavy load: a world lived once for real, with Stripe's answers to every question, then many times over.

What is recorded is the events topic: webhooks in disorder, and among them the answers that the lookup role wrote. Under
other ids the same happens to as many more accounts as are wanted.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tests.bench.loads import DISPLACED, REPEATED, Load, Message, Row
from tests.bench.place import Place
from tests.journeys.system import System
from worker.ports import Record
from worker.simulator.attempts import Persistence
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import Disorder, disordered
from worker.simulator.kinds import ALL
from worker.simulator.oracle import Expected
from worker.simulator.stripe_api import StripeApi
from worker.simulator.world import World

ACCOUNTS = 240
SEED = 7
SETTLING_SECONDS = 120
# Lives of which the API alone knows what webhooks lost say more than the events do: nothing to compare peers by.
LEFT_OUT = ("lost_paydown", "midlife_paydown", "lost_stacked", "midlife_stacked", "not_capital")
SETTINGS = {
    "CAPITAL_ORDER_GRACE_SECONDS": "1",
    "CAPITAL_GATE_GRACE_SECONDS": "1",
    "CAPITAL_DISCOUNT_SCHEDULE_SECONDS": "0.1,0.2,0.3",
}
RECORDING = {
    "CAPITAL_LOOKUP_REQUESTS_PER_SECOND": "100",
    "CAPITAL_STRIPE_API_KEY": "sk_live_played,sk_test_played",
}
# Every id of Stripe's begins its random part with 1: another sign there makes another id, of the same length. An
# answer's id of our own gets a sign more.
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
IDENTIFIER = re.compile(rb"(?<![A-Za-z0-9_])(?:([a-z]+_)1(?=[A-Za-z0-9]{13,23}(?![A-Za-z0-9]))|(obs_)(?=[0-9a-f]{32}))")


@dataclass(frozen=True, slots=True)
class Recording:
    """The world that was lived, and what lay on the topic in the end, partition after partition."""

    world: World
    records: Sequence[Record]


async def recorded(place: Place) -> Recording:
    """Live the world once, through every role, until nothing is asked any more."""
    kinds = {name: kind for name, kind in ALL.items() if name not in LEFT_OUT}
    world = World(seed=SEED, accounts=ACCOUNTS, kinds=kinds)
    disorder = Disorder(repeats=REPEATED, twins=0, delays=DISPLACED)
    async with StripeApi(world).serving() as url:
        system = System("recording", place.kafka.bootstrap, place.postgres.url, place.folder / "recording")
        system.environ |= SETTINGS | RECORDING | {"CAPITAL_STRIPE_API_BASE": url}
        await system.prepare()
        child = await system.serve()
        try:
            courier = Courier(system.url, system.secrets, persistence=Persistence())
            assert not await courier.deliver(disordered(world.events(), seed=SEED, disorder=disorder))
            await system.settled(world.expected.ids, SETTLING_SECONDS)
            await system.found("SELECT count(*) FROM lookup", [(0,)], seconds=SETTLING_SECONDS)
            await system.caught_up()
        finally:
            await asyncio.to_thread(child.kill)
        return Recording(world, await system.events_topic.records())


def refills(recording: Recording, events: int) -> Load:
    """As many tiles of the recording as make up so many records."""
    tiles = min(len(SIGNS), max(1, round(events / len(recording.records))))
    messages = [message for sign in SIGNS[:tiles] for message in _tile(recording.records, sign)]
    renames = [partial(_renamed, sign=sign) for sign in SIGNS[:tiles]]
    expected = recording.world.expected
    return Load(
        "refills",
        _interleaved(messages, tiles),
        Expected(
            frozenset(rename(identity) for rename in renames for identity in expected.ids),
            frozenset((rename(before), rename(after)) for rename in renames for before, after in expected.order),
        ),
        {rename(offer): row for rename in renames for offer, row in _rows(recording.world, rename)},
        SETTINGS,
    )


def _rows(world: World, rename: "partial[str]") -> Iterator[tuple[str, Row]]:
    for truth in world.truths.values():
        for offer, stated in truth.offers.items():
            original = None if stated.original is None else rename(stated.original)
            yield offer, Row(stated.status, None, original, stated.discount_state)


def _interleaved(messages: Sequence[Message], tiles: int) -> Sequence[Message]:
    """Tiles side by side, as accounts live: record after record of each."""
    size = len(messages) // tiles
    return [messages[tile * size + place] for place in range(size) for tile in range(tiles)]


def _tile(records: Sequence[Record], sign: str) -> Iterator[Message]:
    for record in sorted(records, key=lambda record: record.timestamp):
        yield Message(
            renamed_bytes(record.key or b"", sign),
            renamed_bytes(record.value or b"", sign),
            tuple((name, renamed_bytes(value, sign)) for name, value in record.headers),
            record.timestamp,
        )


def _renamed(text: str, sign: str) -> str:
    return renamed_bytes(text.encode(), sign).decode()


def renamed_bytes(text: bytes, sign: str) -> bytes:
    """The same with every id in it changed by a sign, of which each makes other ids."""
    return IDENTIFIER.sub(rb"\g<1>\g<2>" + sign.encode(), text)
