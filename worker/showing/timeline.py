"""The timeline: every record of an account with what came of it, as lines in the order of arrival."""

from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from worker.showing.answers import answer
from worker.showing.details import details
from worker.showing.document import Arrival, Released, Unreleased
from worker.showing.identifiers import awaited, milestone, short, short_type
from worker.showing.times import clock, day, full, lasting

_INDENT: Final = 10
_HEAD: Final = f"{'arrived':8}  {'Stripe says':19}  {'event':28}  type and object"
_COPIES: Final = {
    "dead_letters": "copied to the dead-letter topic",
    "events": "passed on to its account's own partition",
}


def timeline(account: str, arrivals: Sequence[Arrival]) -> Iterator[RenderableType]:
    """A heading for each day of arrival, a line for each record, and lines under it for what came of it."""
    yield Text(_HEAD, style="dim")
    last = ""
    for arrival in arrivals:
        if day(arrival.arrived_at) != last:
            last = day(arrival.arrived_at)
            yield Text(last, style="bold")
        yield _record(arrival)
        for effect in _effects(account, arrival):
            yield Padding.indent(effect, _INDENT)


def _record(arrival: Arrival) -> Table:
    """One line; where it is too long for the screen, its last part goes on under itself."""
    said = full(arrival.created_at)
    text = Text(short_type(arrival.type or "a record that is not in the event log"), style="bold")
    if arrival.object is not None:
        text.append(f" {short(arrival.object)}", style="not bold")
    if arrival.times > 1:
        text.append(f", came {arrival.times} times", style="not bold magenta")
    line = Table.grid(Column(no_wrap=True), Column())
    line.add_row(f"{clock(arrival.arrived_at)}  {said:19}  {arrival.id:28}  ", text)
    return line


def _effects(account: str, arrival: Arrival) -> Iterator[Text]:
    """What came of one record; at least one line."""
    lines = [
        *_standing(arrival),
        *_said(arrival),
        *(_released(account, arrival, released) for released in arrival.released),
        *(_unreleased(arrival, unreleased) for unreleased in arrival.unreleased),
        *(Text(_COPIES.get(name, f"passed on to {name}"), style="dim") for name in arrival.copied_to),
    ]
    yield from lines or [Text("nothing to tell", style="dim")]


def _standing(arrival: Arrival) -> Iterator[Text]:
    if arrival.state == "quarantined":
        yield Text(f"quarantined: {arrival.reason}", style="bold red")
    elif arrival.state == "parked":
        yield Text("waits behind the quarantined record", style="yellow")
    elif arrival.quiet:
        yield Text("taken in silence", style="dim")


def _said(arrival: Arrival) -> Iterator[Text]:
    words = None if arrival.said is None else answer(arrival.type, arrival.said)
    if words is not None:
        yield Text(words)


def _released(account: str, arrival: Arrival, released: Released) -> Text:
    attention = released.type.startswith("capital.account.attention.")
    text = Text(f"#{released.sequence} {short_type(released.type)}", style="red" if attention else "green")
    if released.subject not in {None, account, arrival.object}:
        text.append(f" {short(released.subject or '')}")
    said = ", ".join(part for part in (details(released.type, released.data), *_way(released)) if part)
    # The rest is no heading, so it is not in the heading's colour.
    return Text.assemble(text, (f"  {said}" if said else "", "default"))


def _way(released: Released) -> Iterator[str]:
    """How it came to be released, where that was not at once."""
    if released.waited_seconds is not None:
        yield f"held for {lasting(released.waited_seconds)}"
    if released.redriven:
        yield "by a redrive"


def _unreleased(arrival: Arrival, unreleased: Unreleased) -> Text:
    what = milestone(f"{unreleased.subject}:{unreleased.step}", arrival.object)
    match unreleased.state:
        case "held":
            missing = awaited(unreleased.waiting_for, unreleased.subject)
            return Text(f"held: {what} waits for {missing}", style="bold yellow")
        case "released_later":
            return Text(f"held, released later by {_releaser(unreleased)} as #{unreleased.sequence}", style="yellow")
        case "released_before":
            return Text(f"nothing new: released before as #{unreleased.sequence}", style="dim")
        case "not_released":
            return Text(f"{what} is not released", style="yellow")
        case _:
            assert_never(unreleased.state)


def _releaser(unreleased: Unreleased) -> str:
    return short(unreleased.released_by or "")
