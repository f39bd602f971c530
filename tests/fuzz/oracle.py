"""What the ingress owes to a signed body, by a reading of JSON of its own that shares nothing with the worker."""

import re
from dataclasses import dataclass
from typing import Literal

Due = Literal["accepted", "ignored", "unreadable", "wrong_signature", "too_large"]
STATUS: dict[Due, int] = {
    "accepted": 200,
    "ignored": 200,
    "unreadable": 400,
    "wrong_signature": 400,
    "too_large": 413,
}
LIMIT = 262_144
# Members of the event, its data and its object; what lies deeper need only be balanced.
STRICT_DEPTH = 3

SPACE = re.compile(r"[ \t\n\r]*")
STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"', re.DOTALL)
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null|NaN|-?Infinity")
LOOSE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^"\[\]{}]+', re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Judgement:
    """What is due, and the key of its record where that can be told."""

    due: Due
    key: str | None = None


class NotJsonError(Exception):
    """It is none."""


def judge(body: bytes) -> Judgement:
    """What a body deserves that was signed well."""
    if len(body) > LIMIT:
        return Judgement("too_large")
    try:
        event = _Reading(body.decode("utf-8")).whole()
    except UnicodeDecodeError:
        return Judgement("wrong_signature")
    except NotJsonError:
        return Judgement("unreadable")
    if not isinstance(event, dict) or not _text(event.get("id")) or not _text(event.get("type")):
        return Judgement("unreadable")
    if not str(event["type"]).startswith("capital."):
        return Judgement("ignored")
    named = {name for name in (event.get("account"), _inner_account(event)) if _text(name)}
    return Judgement("accepted", str(named.pop() if len(named) == 1 else event["id"]))


def _text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _inner_account(event: dict[str, object]) -> object:
    data = event.get("data")
    shown = data.get("object") if isinstance(data, dict) else None
    return shown.get("account") if isinstance(shown, dict) else None


class _Reading:
    """A descent through the text, one value after another; None stands for every value that means nothing here."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def whole(self) -> object:
        value = self._value(1)
        self._skip_space()
        if self._at < len(self._text):
            raise NotJsonError
        return value

    def _skip_space(self) -> None:
        self._at = _found(SPACE.match(self._text, self._at)).end()

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = _found(pattern.match(self._text, self._at))
        self._at = found.end()
        return found

    def _next_is(self, character: str) -> bool:
        self._skip_space()
        if self._text[self._at : self._at + 1] != character:
            return False
        self._at += 1
        return True

    def _value(self, depth: int) -> object:
        self._skip_space()
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return self._string()
        if first in {"{", "["} and depth > STRICT_DEPTH:
            self._balanced({"{": "}", "[": "]"}[first])
            return None
        if self._next_is("{"):
            return self._object(depth)
        if self._next_is("["):
            self._array(depth)
        else:
            self._take(PLAIN)
        return None

    def _string(self) -> str:
        return ESCAPE.sub(_meant, self._take(STRING)[1])

    def _object(self, depth: int) -> dict[str, object]:
        members: dict[str, object] = {}
        if self._next_is("}"):
            return members
        while True:
            self._skip_space()
            name = self._string()
            if not self._next_is(":"):
                raise NotJsonError
            members[name] = self._value(depth + 1)
            if self._next_is("}"):
                return members
            if not self._next_is(","):
                raise NotJsonError

    def _array(self, depth: int) -> None:
        if self._next_is("]"):
            return
        while True:
            self._value(depth + 1)
            if self._next_is("]"):
                return
            if not self._next_is(","):
                raise NotJsonError

    def _balanced(self, last: str) -> None:
        open_now = 0
        while True:
            piece = self._take(LOOSE)[0]
            open_now += (piece in "[{") - (piece in "]}")
            if open_now == 0:
                if piece != last:
                    raise NotJsonError
                return


def _found(match: re.Match[str] | None) -> re.Match[str]:
    if match is None:
        raise NotJsonError
    return match


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else LETTERS.get(escape[2], escape[2])
