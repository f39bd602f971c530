"""The histories a drain is measured with: what lies on the topic, and what must come of it; it asks no rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType

from worker.headers import kept_headers
from worker.ports import Headers
from worker.simulator.accounts import PREVIEW, Account, drawn_account
from worker.simulator.dice import Dice
from worker.simulator.events import Event
from worker.simulator.narrator import Narrator
from worker.simulator.oracle import Expected, in_order, together

MILESTONES = ("created", "accepted", "paid_out", "fully_repaid")
BEGINNING = 1_736_121_600
DAY = 86_400
REPEATED = 0.05
DISPLACED = 0.1
# With this, an offer's event is 1.7 KB long in the mean.
METADATA = {f"reference_{number}": f"merchant-programme-{number:04}" for number in range(10)}


@dataclass(frozen=True, slots=True)
class Message:
    """One record to be written before the drain begins; `timestamp` in ms where it matters to what is in it."""

    key: bytes
    value: bytes
    headers: Headers = ()
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What the offer's row must say in the end; None where nothing is stated of it."""

    status: str
    accepted_advance_amount: int | None = None
    original_offer_id: str | None = None
    discount_state: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """A topic's content. `settings` are what the system has to be started with for it."""

    name: str
    messages: Sequence[Message]
    expected: Expected
    rows: Mapping[str, Row]
    settings: Mapping[str, str]

    @property
    def mean_bytes(self) -> float:
        return sum(len(message.value) for message in self.messages) / len(self.messages)


def clean(
    events: int, *, accounts: int = 500, seed: int = 1, metadata: Mapping[str, str] = MappingProxyType(METADATA)
) -> Load:
    """Offers from creation to end, four events each; an offer's events follow each other closely, in their order."""
    lives = [_life(seed, number, accounts, metadata) for number in range(events // len(MILESTONES))]
    # Of ten lives that overlap, each step of one stands beside steps of the others.
    groups = [lives[start : start + 10] for start in range(0, len(lives), 10)]
    ordered = [event for group in groups for step in zip(*group, strict=True) for event in step]
    return Load("clean", [_message(event) for event in ordered], _expected(lives), _rows(lives), {})


def spread(events: int, *, accounts: int = 500, seed: int = 2) -> Load:
    """The same, but an offer's events lie as far apart as the topic lets them: no batch meets an offer twice."""
    lives = [_life(seed, number, accounts, METADATA) for number in range(events // len(MILESTONES))]
    ordered = [event for step in zip(*lives, strict=True) for event in step]
    return Load("spread", [_message(event) for event in ordered], _expected(lives), _rows(lives), {})


def dirty(events: int, *, accounts: int = 500, seed: int = 3) -> Load:
    """Clean, with 5 % of its records once more later on, and 10 % of its events after one they should precede."""
    chance = Random(seed)
    load = clean(events, accounts=accounts, seed=seed)
    places = [float(place) for place in range(len(load.messages))]
    for place in chance.sample(range(len(places)), int(DISPLACED * len(places))):
        # Ten lives overlap, so the next step of this life is ten places on.
        places[place] += chance.randint(10, 30)
    arrivals = [*zip(places, load.messages, strict=True)]
    arrivals += [
        (place + chance.randint(1, 2_000), message)
        for place, message in chance.sample(arrivals, int(REPEATED * len(arrivals)))
    ]
    messages = [message for _, message in sorted(arrivals, key=lambda arrival: arrival[0])]
    return replace(load, name="dirty", messages=messages)


def _life(seed: int, number: int, accounts: int, metadata: Mapping[str, str]) -> tuple[Event, ...]:
    dice = Dice(f"{seed}/bench/{number}")
    account = Account(
        id=f"acct_1{number % accounts:015}",
        market=drawn_account(Dice(f"{seed}/market/{number % accounts}")).market,
        api_version=PREVIEW,
    )
    narrator = Narrator(dice, account, BEGINNING + number // accounts * DAY, livemode=True)
    offer = narrator.offer() | {"metadata": dict(metadata)}
    events = [narrator.tell("capital.financing_offer.created", offer)]
    narrator.moment()
    offer = narrator.accept(offer)
    narrator.moment()
    offer = narrator.turn(offer, "paid_out")
    narrator.moment()
    narrator.turn(offer, "fully_repaid")
    return (*events, *narrator.end("bench", Expected()).events[1:])


def _message(event: Event) -> Message:
    return Message(event.account.encode(), event.body, kept_headers(event.type, ours=False, quiet=False))


def _expected(lives: Sequence[Sequence[Event]]) -> Expected:
    return together(in_order(*(f"live:{life[0].subject}:{milestone}" for milestone in MILESTONES)) for life in lives)


def _rows(lives: Sequence[Sequence[Event]]) -> Mapping[str, Row]:
    return dict(_stated(lives))


def _stated(lives: Sequence[Sequence[Event]]) -> Iterator[tuple[str, Row]]:
    for life in lives:
        assert life[0].subject is not None
        yield life[0].subject, Row(status="fully_repaid", accepted_advance_amount=_accepted(life[-1]))


def _accepted(event: Event) -> int:
    """The amount as the bytes say it: the author's own statement would be the narrator's variable."""
    text = event.body.split(b'"accepted_terms"', 1)[1].split(b'"advance_amount": ', 1)[1]
    return int(text.split(b",", 1)[0])
