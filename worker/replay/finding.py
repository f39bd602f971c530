"""Findings: what kind of difference two rows make, for a person to read and a program to sort by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Row = Mapping[str, Any]

# `missing`: only the replay has it. `extra`: only the live tables have it. `elsewhere`: the same notification, told at
# another place, by another record or under another number. `different`: any other column differs.
Kind = Literal["missing", "extra", "elsewhere", "different"]

PLACES: Final = frozenset({"partition", "record_offset", "sequence", "time", "causation_id"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What kind of difference it is, and the columns that differ, as (live, replayed)."""

    kind: Kind
    columns: Mapping[str, tuple[Any, Any]]


def finding(live: Row | None, shadow: Row | None) -> Finding:
    """What two rows of one key make; None on the side that lacks it."""
    if live is None or shadow is None:
        return Finding("missing" if live is None else "extra", {})
    names = [*shadow, *(name for name in live if name not in shadow)]
    columns = {name: (live.get(name), shadow.get(name)) for name in names if live.get(name) != shadow.get(name)}
    # Rows may differ byte for byte and yet show the same: then nothing can be named.
    return Finding("elsewhere" if columns and columns.keys() <= PLACES else "different", columns)
