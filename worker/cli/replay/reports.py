"""Reports of a replay as they are printed: for people, a line for each difference and never too many; or JSON lines."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from worker.replay.finding import Finding, finding
from worker.replay.plan import Plan, Span
from worker.store.differences import Cause, Comparison, Difference, Promotion
from worker.store.event_reader import LogShare

MOST_LINES: Final = 200
LONGEST_VALUE: Final = 60
NOTIFICATIONS: Final = "notifications"
NOTHING: Final = LogShare(0, 0)


class Report(Protocol):
    """What hears of the sources, of every difference, and then of the end."""

    def sources(self, plan: Plan, shares: Mapping[int, LogShare]) -> None:
        """Where the records came from: by partition, what the event log had of them."""
        ...

    def difference(self, one: Difference) -> None:
        """A row that differs; those of one account come one after another."""
        ...

    def promoted(self, one: Promotion) -> None:
        """An account of which only what was told since its promotion was compared."""
        ...

    def end(self, plan: Plan, comparison: Comparison) -> None:
        """Everything was compared."""
        ...


def report_of(*, as_json: bool) -> Report:
    """A report that prints as it goes."""
    return JsonReport() if as_json else TextReport()


class JsonReport:
    """A JSON object a line: one for each source, difference and promotion, and one with `compared` at the end."""

    def sources(self, plan: Plan, shares: Mapping[int, LogShare]) -> None:
        """Print a line for each partition."""
        for span in plan.spans:
            share = shares.get(span.partition, NOTHING)
            shown: dict[str, Any] = {"partition": span.partition, "from": span.start, "until": span.end}
            shown["topic_from"] = span.topic_from
            if span.start < span.topic_from:
                shown["log"] = {
                    "records": share.records,
                    "offsets_without": span.topic_from - span.start - share.records,
                    "repeats_counted": share.repeats,
                }
            print(json.dumps({"source": shown}))

    def difference(self, one: Difference) -> None:
        """Print a difference."""
        found = finding(one.live, one.shadow)
        shown = {
            "account": one.account,
            "livemode": one.livemode,
            "table": one.table,
            "key": one.key,
            "finding": found.kind,
            "columns": {name: {"live": live, "replayed": shadow} for name, (live, shadow) in found.columns.items()},
            "row": one.live if one.shadow is None else one.shadow if one.live is None else None,
            "record": one.cause and _record(one.cause),
        }
        print(json.dumps(shown))

    def promoted(self, one: Promotion) -> None:
        """Print a promotion."""
        shown = {
            "account": one.account,
            "livemode": one.livemode,
            "promoted_by": _record(one.command),
            "never_told": list(one.untold),
        }
        print(json.dumps(shown))

    def end(self, plan: Plan, comparison: Comparison) -> None:
        """Print the sum."""
        print(json.dumps({"compared": _sum(plan, comparison)}))


def _record(cause: Cause) -> dict[str, Any]:
    return {"id": cause.id, "type": cause.type, "partition": cause.partition, "offset": cause.offset}


def _sum(plan: Plan, comparison: Comparison) -> dict[str, Any]:
    return {
        "request": plan.request,
        "offsets": plan.records,
        "accounts": comparison.accounts,
        "outbox_entries": comparison.notifications,
        "accounts_that_differ": len(comparison.differing),
        "accounts_that_went_on": comparison.moved,
        "accounts_promoted": comparison.promoted,
    }


class TextReport:
    """Lines under the name of each account, as many as a person reads; then one in sum."""

    def __init__(self) -> None:
        self._account: tuple[bool, str] | None = None
        self._counts: Counter[str] = Counter()
        self._untold = 0

    def sources(self, plan: Plan, shares: Mapping[int, LogShare]) -> None:
        """Say what was gone through, and for what the event log stood in."""
        print(f"{plan.records:,} offsets of {len(plan.spans)} partitions, {plan.request}")
        for span in plan.spans:
            if span.start < span.topic_from:
                print(_from_log(span, shares.get(span.partition, NOTHING)))

    def difference(self, one: Difference) -> None:
        """Print a difference, while they are not too many."""
        self._counts[one.table] += 1
        if self._counts.total() > MOST_LINES:
            return
        if self._account != (one.livemode, one.account):
            self._account = (one.livemode, one.account)
            print(f"{one.account or 'of no account'} ({'live' if one.livemode else 'test'})")
        print(f"  {_line(one, finding(one.live, one.shadow))}")

    def promoted(self, one: Promotion) -> None:
        """Say what is still owed; the sum counts them."""
        self._untold += len(one.untold)

    def end(self, plan: Plan, comparison: Comparison) -> None:  # noqa: ARG002 - other reports name it at the end
        """Print the sum."""
        if self._counts.total() > MOST_LINES:
            print(f"… and {self._counts.total() - MOST_LINES:,} more: --json names every one")
        print("; ".join([*self._found(comparison), *_left_out(comparison)]))
        if self._untold:
            print(
                f"of promoted accounts {self._untold:,} notifications were never sent: `replay promote --emit missing`"
            )

    def _found(self, comparison: Comparison) -> Iterator[str]:
        found = ", ".join(f"{table} {count:,}" for table, count in self._counts.items()) or "no differences"
        yield f"{comparison.accounts:,} accounts, {comparison.notifications:,} outbox entries: {found}"
        if comparison.differing:
            yield f"{len(comparison.differing):,} accounts differ"


def _from_log(span: Span, share: LogShare) -> str:
    """What is known of offsets that hold no record, and what cannot be."""
    without = span.topic_from - span.start - share.records
    text = f"partition {span.partition}: offsets {span.start:,} to {span.topic_from:,} from the event log"
    if not without:
        return f"{text}, which has a record for each"
    return (
        f"{text}, which has {share.records:,} records; the other {without:,} offsets were repeats "
        f"({share.repeats:,} were counted by now), records of other products, or Kafka's own"
    )


def _left_out(comparison: Comparison) -> Iterator[str]:
    if comparison.moved:
        yield f"{comparison.moved:,} accounts went on meanwhile: only what they were told was compared"
    if comparison.promoted:
        yield f"{comparison.promoted:,} accounts were promoted: what they were told before was not compared"


def _line(one: Difference, found: Finding) -> str:
    record = "" if one.cause is None else f"{one.cause.id} at {one.cause.partition}:{one.cause.offset}"
    if one.table == "outbox":
        return _entry(one, found, record)
    name = f"{one.table} {one.key}".strip()
    match found.kind:
        case "missing":
            said = "only in the replay"
        case "extra":
            said = "only live"
        case _:
            said = _columns(found) or "differs"
    return f"{name}: {said}; since {record}" if record else f"{name}: {said}"


def _entry(one: Difference, found: Finding, record: str) -> str:
    entry = one.shadow or one.live or {}
    name = entry["id"] if entry["destination"] == NOTIFICATIONS else f"{entry['destination']} {entry['id']}"
    match found.kind:
        case "missing":
            return f"{name}: never told; {record} tells it"
        case "extra":
            return f"{name}: told by {record}; today's rules do not tell it"
        case "elsewhere":
            return f"{name}: told elsewhere: {_columns(found)}; {record} tells it"
        case "different":
            return f"{name}: told differently: {_columns(found)}; {record} tells it"


def _columns(found: Finding) -> str:
    return ", ".join(f"{name} {_short(live)}, replayed {_short(shadow)}" for name, (live, shadow) in _shown(found))


def _shown(found: Finding) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The columns that say most: what was told rather than where, and names rather than the rules' own notes."""
    for name, values in found.columns.items():
        if name == "value":
            yield from _data(*values)
        elif name not in {"facts", "record_offset", "time"} or len(found.columns) == 1:
            yield name, values


def _data(live: str, shadow: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The members of a notification's data that differ."""
    try:
        one, other = json.loads(live), json.loads(shadow)
    except ValueError:
        one, other = {}, {}
    differing = [(name, (one.get(name), other.get(name))) for name in other if one.get(name) != other.get(name)]
    yield from differing or [("value", (live, shadow))]


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
