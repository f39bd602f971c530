"""Compatibility: what a schema takes away from readers of the released one; a released version only ever grows."""

from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]


def taken_away(released: Node, current: Node) -> list[str]:
    """One line for each field that is gone, may be left out, or changed its type; none where readers lose nothing.

    Both are whole documents of notifications. New fields and new words in a list of words are growth.
    """
    return list(_taken(_Place("", released, released), _Place("", current, current)))


class _Place:
    """A node of a document, with the references that lead to it followed."""

    def __init__(self, path: str, node: Node, document: Node) -> None:
        self.path = path
        self.document = document
        while "$ref" in node:
            node = _followed(node["$ref"], document)
        self.node = node

    def inside(self, name: str, node: Node) -> "_Place":
        return _Place(f"{self.path}.{name}".lstrip("."), node, self.document)

    def choices(self) -> "list[_Place]":
        """Each of the alternatives that a value may be."""
        if "anyOf" not in self.node:
            return [self]
        return [found for one in self.node["anyOf"] for found in _Place(self.path, one, self.document).choices()]

    def kinds(self) -> dict[str, "_Place"]:
        """The alternatives by their JSON type."""
        return {choice.node.get("type", "any"): choice for choice in self.choices()}


def _followed(reference: str, document: Node) -> Node:
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def _taken(released: _Place, current: _Place) -> Iterator[str]:
    before, now = released.kinds(), current.kinds()
    if before.keys() != now.keys():
        yield f"{released.path}: was {' or '.join(sorted(before))}, is {' or '.join(sorted(now))}"
        return
    for kind in before:
        yield from _fields(before[kind], now[kind])
        yield from _words(before[kind], now[kind])
        if "items" in before[kind].node:
            yield from _taken(
                before[kind].inside("[]", before[kind].node["items"]), now[kind].inside("[]", now[kind].node["items"])
            )


def _fields(released: _Place, current: _Place) -> Iterator[str]:
    before, now = released.node.get("properties", {}), current.node.get("properties", {})
    for name, node in before.items():
        place = released.inside(name, node)
        if name not in now:
            yield f"{place.path}: is gone"
            continue
        if name in released.node.get("required", ()) and name not in current.node.get("required", ()):
            yield f"{place.path}: may be left out"
        yield from _taken(place, current.inside(name, now[name]))


def _words(released: _Place, current: _Place) -> Iterator[str]:
    """Words that readers know and will not see again, or a list that is no longer one."""
    gone = set(released.node.get("enum", ())) - set(current.node.get("enum", ()))
    if gone:
        yield f"{released.path}: no longer says {', '.join(sorted(gone))}"
