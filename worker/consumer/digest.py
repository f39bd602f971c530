"""Digests: a state in a few letters that are the same wherever the same was decided, in whatever order it is kept."""

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass

from worker.rules.state import AccountState


def digest_of(state: AccountState) -> str:
    """The digest of an account with everything that is known of it."""
    return hashlib.sha256(json.dumps(_plain(state), separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> object:
    """The same value as every process writes it: mappings and sets have no order of their own."""
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return sorted([str(name), _plain(item)] for name, item in value.items())
    if isinstance(value, AbstractSet):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
