"""Ports: the small protocols by which one stage knows another; they name what is promised and never how."""

from dataclasses import dataclass
from typing import Protocol

Headers = tuple[tuple[str, bytes], ...]


class HandoffFailed(Exception):  # noqa: N818 - named for what happened
    """The broker did not acknowledge a record in time; whether it has the record is not known."""


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes on a topic at a partition and offset; `timestamp` is the broker's or producer's, in ms since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Handoff(Protocol):
    """The events topic, as the ingress and the lookup role see it."""

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        """Return once every in-sync replica has the record.

        Raises HandoffFailed when no acknowledgement came within the deadline (5 s).
        """
        ...
