"""The narrator writes one history down as it happens; it never decides what must be told, which the author states."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from worker.simulator import offers, transactions
from worker.simulator.accounts import Account
from worker.simulator.dice import Dice
from worker.simulator.events import Event, JsonObject, event_of
from worker.simulator.histories import History, State
from worker.simulator.offers import DAY
from worker.simulator.oracle import Expected, in_any_order, in_order
from worker.simulator.truths import Truth


class Narrator:
    """A pen with a clock: each act changes an object and, where Stripe tells of it, adds an event.

    `now` is whole seconds since the epoch and never goes back.
    """

    def __init__(self, dice: Dice, account: Account, now: int, *, livemode: bool) -> None:
        self.dice = dice
        self.account = account
        self.livemode = livemode
        self.now = now
        self._events: list[Event] = []
        self._states: list[State] = []
        self._lost: list[Event] = []
        self._losses: Mapping[str, float] = {}

    def moment(self) -> None:
        """Let little time pass, often none: whole seconds make ties common."""
        self.now += self.dice.choice((0, 0, 0, 1, 2, 40, 900))

    def days(self, least: int, most: int) -> None:
        """Let between `least` and `most` days pass, not to the same second of the day."""
        self.now += self.dice.randrange(least * DAY, most * DAY)

    def tell(self, event_type: str, subject: JsonObject, *, connect: bool = False) -> Event:
        """Add an event of this type about the object as it is now; `connect` names the account on the event too."""
        self.note(subject)
        named = {"account": self.account.id} if connect else {}
        event = event_of(self.account.id, named | self._envelope(event_type) | {"data": {"object": subject}})
        self._events.append(event)
        likelihood = self._losses.get(subject["object"], 0.0)
        if likelihood and self.dice.chance(likelihood):
            self._lost.append(event)
        return event

    @contextmanager
    def losing(self, *, offers: float, transactions: float = 0.0) -> Iterator[None]:
        """What is told inside happens, but its webhooks are lost with these chances, from 0 to 1."""
        self._losses = {"capital.financing_offer": offers, "capital.financing_transaction": transactions}
        try:
            yield
        finally:
            self._losses = {}

    def note(self, subject: JsonObject) -> None:
        """Keep a state of the object that no event tells."""
        self._states.append(State(self.now, subject))

    def offer(self) -> JsonObject:
        """A new standard offer, not told of yet."""
        return offers.new_offer(self.dice, self.account, self.now, livemode=self.livemode)

    def refill(self, rate: float | None) -> JsonObject:
        """A new refill offer with this discount rate, not told of yet."""
        return offers.refill_offer(self.dice, self.account, self.now, livemode=self.livemode, rate=rate)

    def create(self) -> JsonObject:
        """A new standard offer and its `created`."""
        offer = self.offer()
        self.tell("capital.financing_offer.created", offer)
        return offer

    def accept(self, offer: JsonObject) -> JsonObject:
        """The merchant applies."""
        accepted = offers.accepted(self.dice, offer, self.now)
        self.tell("capital.financing_offer.accepted", accepted)
        return accepted

    def turn(self, offer: JsonObject, milestone: str) -> JsonObject:
        """The offer reaches a milestone whose name is also its status."""
        turned = offers.turned(offer, milestone, self.now)
        self.tell(f"capital.financing_offer.{milestone}", turned)
        return turned

    def payout(self, offer: JsonObject) -> JsonObject:
        """The payout as a transaction."""
        return self._transact(transactions.payout(self.dice, self.account, offer, self.now))

    def reversal(self, offer: JsonObject, of: JsonObject) -> JsonObject:
        """The taking back of a transaction."""
        return self._transact(transactions.reversal(self.dice, self.account, offer, self.now, of))

    def payment(self, offer: JsonObject, share: tuple[int, int]) -> JsonObject:
        """One repayment of (advance, fee) minor units."""
        return self._transact(transactions.payment(self.dice, self.account, offer, self.now, share))

    def _envelope(self, event_type: str) -> JsonObject:
        return {
            "id": self.dice.new_id("evt"),
            "object": "event",
            "api_version": self.account.api_version,
            "created": self.now,
            "livemode": self.livemode,
            "pending_webhooks": self.dice.choice((1, 1, 1, 2)),
            "request": self._request(),
            "type": event_type,
        }

    def _request(self) -> JsonObject:
        """Most Capital events come of no API request; some come of one of the platform's own."""
        if self.dice.chance(0.8):
            return {"id": None, "idempotency_key": None}
        return {"id": self.dice.new_id("req"), "idempotency_key": f"{self.dice.getrandbits(128):032x}"}

    def _transact(self, transaction: JsonObject) -> JsonObject:
        self.tell("capital.financing_transaction.created", transaction)
        return transaction

    def milestones(self, offer: JsonObject, *names: str) -> Expected:
        """Expect these milestones of the offer, each once, in this order."""
        return in_order(*(f"{self._mode}:{offer['id']}:{name}" for name in names))

    def before(self, first: tuple[JsonObject, str], second: tuple[JsonObject, str]) -> Expected:
        """Expect a milestone of one offer before a milestone of another."""
        return in_order(*(f"{self._mode}:{offer['id']}:{name}" for offer, name in (first, second)))

    def recorded(self, *recorded: JsonObject) -> Expected:
        """Expect each of these transactions to be recorded once, but those whose webhook was lost."""
        return self._recorded({transaction["id"] for transaction in recorded} - self._unheard())

    def lines_of_credit(self, *updates: Event) -> Expected:
        """Expect each of these events to be told once."""
        return in_any_order(*(f"{self._mode}:{event.id}:line_of_credit" for event in updates))

    def end(self, kind: str, expected: Expected, truth: Truth | None = None, *, country_shown: bool = True) -> History:
        """The history as written so far."""
        return History(
            kind=kind,
            account=self.account.id,
            country=self.account.market.country,
            livemode=self.livemode,
            events=tuple(self._events),
            states=tuple(self._states),
            expected=expected,
            lost=frozenset(event.id for event in self._lost),
            missed=self._recorded(self._unheard()),
            truth=truth,
            country_shown=country_shown,
        )

    def _unheard(self) -> set[str]:
        """The transactions whose webhook was lost."""
        return {event.subject for event in self._lost if event.subject and ".financing_transaction." in event.type}

    def _recorded(self, ids: Iterable[str]) -> Expected:
        return in_any_order(*(f"{self._mode}:{transaction}:recorded" for transaction in ids))

    @property
    def _mode(self) -> str:
        return "live" if self.livemode else "test"
