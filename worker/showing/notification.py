"""A notification as its consumers read it from the topic: by its CloudEvents headers, and its data as it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from worker.ports import Record


@dataclass(frozen=True, slots=True)
class Notification:
    """One record of the notifications topic."""

    id: str
    type: str
    account: str
    livemode: bool
    sequence: int
    subject: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, record: Record) -> Self:
        """Read a record as the outside interface describes it; anything else is a KeyError or a ValueError."""
        headers = {name: value.decode() for name, value in record.headers}
        return cls(
            id=headers["ce_id"],
            type=headers["ce_type"],
            account=headers["ce_partitionkey"],
            livemode=headers["ce_livemode"] == "true",
            sequence=int(headers["ce_sequence"]),
            subject=headers["ce_subject"],
            data=json.loads(record.value or b"{}"),
        )
