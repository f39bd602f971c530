"""The list of events that Stripe's API shows for 30 days, whether webhooks brought them or not; it never alters one."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from worker.simulator.events import JsonObject
from worker.simulator.histories import History
from worker.simulator.offers import DAY, created_at
from worker.simulator.pages import Filter, created_filter, page
from worker.simulator.refusals import invalid

_SECONDS: Final = 30 * DAY
_TYPES: Final = re.compile(r"types\[\d*\]")
_DELIVERED: Final[Mapping[str, bool]] = {"true": True, "false": False}


class EventList:
    """The events of some histories; lost events are those of which a delivery failed."""

    def __init__(self, histories: Iterable[History]) -> None:
        self._entries: dict[bool, list[JsonObject]] = {True: [], False: []}
        for history in histories:
            self._entries[history.livemode] += [
                {
                    "id": event.id,
                    "created": event.created,
                    "type": event.type,
                    "sent": event.id not in history.lost,
                    "event": event,
                }
                for event in history.events
            ]
        for entries in self._entries.values():
            # Of those of one second, the one that came later is the newer.
            entries.sort(key=created_at)
            entries.reverse()

    def shown(self, path: str, parameters: Mapping[str, str], second: float, *, livemode: bool) -> JsonObject:
        """The page asked for at a second, an infinite one listing all. Raises Refused."""
        oldest = -math.inf if math.isinf(second) else second - _SECONDS
        entries = [entry for entry in self._entries[livemode] if oldest <= entry["created"] <= second]
        found = page(path, "event", entries, _filter(parameters), parameters)
        return found.shown() | {"data": [json.loads(entry["event"].body) for entry in found.data]}


def is_of_events(parameter: str) -> bool:
    """Whether the list of events takes this parameter."""
    return parameter in {"type", "delivery_success"} or _TYPES.fullmatch(parameter) is not None


def _filter(parameters: Mapping[str, str]) -> Filter:
    """By creation, by `type` (with `*`) or exact `types[]`, and by whether the webhooks were delivered."""
    types = {value for name, value in parameters.items() if _TYPES.fullmatch(name)}
    if types and "type" in parameters:
        raise invalid("types", "You may specify only one of these parameters: type, types.")
    delivered = parameters.get("delivery_success")
    if delivered is not None and delivered not in _DELIVERED:
        raise invalid("delivery_success", f"Invalid boolean: {delivered}")
    pattern = parameters.get("type", "*")
    in_time = created_filter(parameters, created_at)

    def matches(entry: JsonObject) -> bool:
        of_type = entry["type"] in types if types else fnmatchcase(entry["type"], pattern)
        return of_type and in_time(entry) and (delivered is None or entry["sent"] == _DELIVERED[delivered])

    return matches
