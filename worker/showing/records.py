"""Records of an account: logged, parked, or known only by what they caused; each with the entries it caused."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from schemas.records import Attribution, DatedRecord
from worker.showing.steps import Step, steps_of
from worker.showing.times import at_second

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]


@dataclass(slots=True)
class Recorded:
    """A record: its columns as an arrival names them, the steps it tells of, and the outbox rows it caused."""

    columns: dict[str, Any]
    steps: tuple[Step, ...] = ()
    caused: list[Row] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, int]:
        """Its partition and offset, which order arrivals better than clocks do."""
        return self.columns["partition"], self.columns["offset"]


def recorded(tables: Tables) -> list[Recorded]:
    """The records of an account in one mode, in the order of their arrival."""
    known = sorted((*_logged(tables), *_parked(tables["parked"])), key=lambda record: record.place)
    return sorted(_with_effects(known, tables["outbox"]), key=lambda record: record.place)


def _logged(tables: Tables) -> Iterator[Recorded]:
    replaced = {row["id"]: row["replacement_for"] for row in tables["offer"]}
    for row in tables["event"]:
        named = {name: row[name] for name in ("type", "object", "created_at")}
        said = None if row["body"] is None else json.loads(row["body"])["data"]["object"]
        columns = (
            _columns(row)
            | named
            | {"times": row["repeats"] + 1, "quiet": row["quiet"], "state": "applied", "said": said}
        )
        steps = steps_of(row["id"], row["type"], row["object"], replaced.get(row["object"]))
        yield Recorded(columns, tuple(steps))


def _parked(rows: Sequence[Row]) -> Iterator[Recorded]:
    """The quarantined record and those behind it; what they tell of counts only once they are applied."""
    for row in rows:
        state = "parked" if row["reason"] is None else "quarantined"
        yield Recorded(_columns(row) | {"state": state, "reason": row["reason"]} | _read(row["value"]))


def _columns(row: Row) -> dict[str, Any]:
    known = {name: row[name] for name in ("id", "arrived_at", "partition", "offset")}
    return known | {
        "type": None,
        "object": None,
        "created_at": None,
        "times": 1,
        "quiet": False,
        "reason": None,
        "said": None,
    }


def _read(value: bytes | None) -> dict[str, Any]:
    """What can be read of a record that was not applied: perhaps nothing, for it may be anything."""
    read: dict[str, Any] = {}
    try:
        attribution = Attribution.model_validate_json(value or b"")
        read |= {"type": attribution.type, "object": attribution.data.object and attribution.data.object.id}
        read["created_at"] = at_second(DatedRecord.model_validate_json(value or b"").created)
    except ValidationError:
        return read
    return read


def _with_effects(records: Sequence[Recorded], entries: Sequence[Row]) -> list[Recorded]:
    """Hand each entry to the record that caused it; a cause that is in no table becomes a record without a type."""
    by_id: defaultdict[str, list[Recorded]] = defaultdict(list)
    for record in records:
        by_id[record.columns["id"]].append(record)
    for entry in entries:
        namesakes = by_id[entry["causation_id"]]
        if not namesakes:
            namesakes.append(_unlogged(entry))
        # One id can stand for two records: the later one cannot have caused what came before it.
        place = (entry["partition"], entry["offset"])
        causes = [record for record in namesakes if record.place <= place] or namesakes[:1]
        causes[-1].caused.append(entry)
    return [record for namesakes in by_id.values() for record in namesakes]


def _unlogged(entry: Row) -> Recorded:
    row = {**entry, "id": entry["causation_id"], "arrived_at": entry["time"]}
    return Recorded(_columns(row) | {"state": "not_logged"})
