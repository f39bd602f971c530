"""The live view: one line for each thing seen as it happens, in its account's colour; it shows nothing not observed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.text import Text

from worker.clock import Clock
from worker.showing.details import details
from worker.showing.identifiers import awaited, short, short_type
from worker.showing.notification import Notification
from worker.showing.times import clock as time_of_day

# Told apart on dark and on light, and none of them the green, yellow or red of what happened.
_MODES: Final = {True: "live", False: "test"}
_COLOURS: Final = ("cyan", "magenta", "blue", "dark_orange3", "deep_pink3", "turquoise4", "slate_blue1", "orchid")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a webhook: which copy of the event it is, from 1, and what the endpoint answered."""

    account: str
    livemode: bool
    type: str
    subject: str | None
    copy: int
    accepted: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A milestone that began to wait."""

    account: str
    livemode: bool
    offer: str
    milestone: str
    waiting_for: tuple[str, ...]


class LiveView:
    """Prints lines of about 100 columns, of live mode unless they say otherwise."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._colours: dict[str, str] = {}
        self._held: set[str] = set()

    def delivered(self, delivery: Delivery) -> None:
        """A webhook was posted and answered, or not."""
        subject = short(delivery.subject) if delivery.subject else ""
        again = f", copy {delivery.copy}" if delivery.copy > 1 else ""
        verb = "delivered" if delivery.accepted else "refused"
        style = "dim" if delivery.accepted else "bold red"
        what = (short_type(delivery.type), subject, f"{delivery.answer}{again}")
        self._line((delivery.account, delivery.livemode), verb, style, what)

    def held(self, hold: Hold) -> None:
        """A milestone is known and waits."""
        self._held.add(f"{_MODES[hold.livemode]}:{hold.offer}:{hold.milestone}")
        what = (f"offer.{hold.milestone}", short(hold.offer), f"for {awaited(hold.waiting_for, hold.offer)}")
        self._line((hold.account, hold.livemode), "held", "yellow", what)

    def told(self, notification: Notification) -> None:
        """A notification was read from the topic."""
        said = details(notification.type, notification.data)
        if notification.id in self._held:
            self._held.remove(notification.id)
            said = f"was held, {said}" if said else "was held"
        attention = notification.type.startswith("capital.account.attention.")
        subject = "" if notification.subject == notification.account else short(notification.subject)
        what = (short_type(notification.type), subject, said)
        style = "bold red" if attention else "green"
        self._line((notification.account, notification.livemode), f"told #{notification.sequence}", style, what)

    def _line(self, whose: tuple[str, bool], verb: str, style: str, what: tuple[str, str, str]) -> None:
        account, livemode = whose
        kind, subject, rest = what
        colour = self._colours.setdefault(account, _COLOURS[len(self._colours) % len(_COLOURS)])
        now = time_of_day(datetime.fromtimestamp(self._clock.now(), UTC))
        line = Text.assemble(
            (f"{now}  ", "dim"),
            (f"{account:21}  ", colour),
            (f"{verb:9}  ", style),
            f"{kind:20}  {subject:8}  ",
            ("" if livemode else "test mode  ", "bold"),
            rest,
        )
        # At a terminal a line is a line, but what a person should look at is never cut.
        if self._console.is_terminal and "red" not in style:
            self._console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(line, soft_wrap=True)
