"""Pages of lists as Stripe gives them: newest first, cut at an id; a page never repeats or leaves out an object."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Final

from worker.simulator.events import JsonObject
from worker.simulator.refusals import invalid, no_such

_PAGING: Final = frozenset({"limit", "starting_after", "ending_before"})
_COMPARISONS: Final = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
_CREATED: Final = re.compile(r"created(?:\[(gt|gte|lt|lte)\])?")
_DEFAULT_LIMIT, _GREATEST_LIMIT = 10, 100

Filter = Callable[[JsonObject], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, newest first, and whether there is more in the direction that was asked for."""

    url: str
    data: Sequence[JsonObject]
    has_more: bool

    def shown(self) -> JsonObject:
        """The list object."""
        return {"object": "list", "data": list(self.data), "has_more": self.has_more, "url": self.url}


def page(url: str, what: str, entries: Sequence[JsonObject], matches: Filter, parameters: Mapping[str, str]) -> Page:
    """The page that `limit`, `starting_after` and `ending_before` ask for, of the entries that match.

    `entries` is everything there is, newest first: a cursor may name one that does not match. Raises Refused.
    """
    limit = _limit(parameters)
    after, before = parameters.get("starting_after"), parameters.get("ending_before")
    if after is not None and before is not None:
        raise invalid("ending_before", "You may specify only one of these parameters: ending_before, starting_after.")
    if before is not None:
        newer = [entry for entry in entries[: _place(what, entries, before, "ending_before")] if matches(entry)]
        return Page(url, newer[-limit:], len(newer) > limit)
    begin = 0 if after is None else _place(what, entries, after, "starting_after") + 1
    older = [entry for entry in entries[begin:] if matches(entry)]
    return Page(url, older[:limit], len(older) > limit)


def is_of_a_page(parameter: str) -> bool:
    """Whether every list takes this parameter."""
    return parameter in _PAGING or _CREATED.fullmatch(parameter) is not None


def created_filter(parameters: Mapping[str, str], created: Callable[[JsonObject], int]) -> Filter:
    """Whether an object was created when `created` or `created[gt|gte|lt|lte]` say, in seconds. Raises Refused."""
    bounds = []
    for parameter, text in parameters.items():
        found = _CREATED.fullmatch(parameter)
        if found and not text.isdecimal():
            raise invalid(parameter, f"Invalid integer: {text}")
        if found:
            bounds.append((_COMPARISONS.get(found[1]), int(text)))

    def matches(entry: JsonObject) -> bool:
        at = created(entry)
        return all(compare(at, bound) if compare else at == bound for compare, bound in bounds)

    return matches


def _limit(parameters: Mapping[str, str]) -> int:
    text = parameters.get("limit", str(_DEFAULT_LIMIT))
    if not text.isdecimal():
        raise invalid("limit", f"Invalid integer: {text}")
    if not 1 <= int(text) <= _GREATEST_LIMIT:
        raise invalid("limit", f"This value must be between 1 and {_GREATEST_LIMIT}.")
    return int(text)


def _place(what: str, entries: Sequence[JsonObject], object_id: str, parameter: str) -> int:
    for place, entry in enumerate(entries):
        if entry["id"] == object_id:
            return place
    raise no_such(what, object_id, parameter=parameter, status=400)
