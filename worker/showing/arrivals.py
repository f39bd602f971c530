"""Arrivals: each record of an account with what it released, and what became of the rest it told of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker.showing.document import Arrival, ModeName, Released, Unreleased
from worker.showing.records import Recorded, recorded
from worker.showing.steps import Step

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

NOTIFICATIONS: Final = "notifications"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of steps in one mode: who told of each first, what was notified of it, what holds it."""

    mode: ModeName
    first: Mapping[Step, Recorded]
    told: Mapping[str, Row]
    held: Mapping[Step, Row]

    def notification(self, step: Step) -> Row | None:
        subject, name = step
        return self.told.get(f"{self.mode}:{subject}:{name}")


def arrivals_of(mode: ModeName, tables: Tables) -> list[Arrival]:
    """The records of an account in one mode, in the order of their arrival."""
    records = recorded(tables)
    known = _Known(
        mode,
        first={step: record for record in reversed(records) for step in record.steps},
        told={entry["id"]: entry for entry in tables["outbox"] if entry["destination"] == NOTIFICATIONS},
        held={(hold["offer"], hold["milestone"]): hold for hold in tables["held"]},
    )
    return [
        Arrival(
            **record.columns,
            released=list(_released(record, known)),
            unreleased=list(_unreleased(record, known)),
            copied_to=[entry["destination"] for entry in record.caused if entry["destination"] != NOTIFICATIONS],
        )
        for record in records
    ]


def _released(record: Recorded, known: _Known) -> Iterator[Released]:
    for entry in record.caused:
        if entry["destination"] != NOTIFICATIONS:
            continue
        data = json.loads(entry["value"])
        yield Released(
            sequence=entry["sequence"],
            id=entry["id"],
            type=entry["type"],
            subject=entry["subject"],
            time=entry["time"],
            basis=data.get("basis"),
            late=data.get("late"),
            gap=data.get("gap"),
            waited_seconds=_waited(entry, record, known),
            redriven=(entry["partition"], entry["offset"]) > record.place,
            data=data,
        )


def _waited(entry: Row, record: Recorded, known: _Known) -> float | None:
    """How long the first record that told of it was held until this one came; None where this one was the first."""
    subject, _, name = entry["id"].removeprefix(f"{known.mode}:").rpartition(":")
    teller = known.first.get((subject, name), record)
    if teller.place >= record.place:
        return None
    seconds = (entry["time"] - teller.columns["arrived_at"]).total_seconds()
    # Producers set Kafka's times, and their clocks differ a little.
    return float(max(0.0, seconds))


def _unreleased(record: Recorded, known: _Known) -> Iterator[Unreleased]:
    for step in record.steps:
        entry, hold = known.notification(step), known.held.get(step)
        if entry is None:
            # Nobody waits to be told of what came in silence, but for it to be released.
            if hold is not None or not record.columns["quiet"]:
                yield _waiting(step, hold)
        elif entry not in record.caused:
            yield _told_by_another(step, record, entry)


def _waiting(step: Step, hold: Row | None) -> Unreleased:
    return Unreleased(
        subject=step[0],
        step=step[1],
        state="not_released" if hold is None else "held",
        waiting_for=[] if hold is None else list(hold["waiting_for"]),
        sequence=None,
        released_by=None,
    )


def _told_by_another(step: Step, record: Recorded, entry: Row) -> Unreleased:
    later = (entry["partition"], entry["offset"]) > record.place
    return Unreleased(
        subject=step[0],
        step=step[1],
        state="released_later" if later else "released_before",
        waiting_for=[],
        sequence=entry["sequence"],
        released_by=entry["causation_id"],
    )
