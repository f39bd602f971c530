"""Bodies that claim to be Stripe's: mostly events, with something in them that no event should have."""

import json
from collections.abc import Mapping, Sequence
from random import Random

from tests.fuzz.mutation import mutated

LIMIT = 262_144
# In most bodies and nowhere else: must never be found in a log.
CANARY = "canary-of-the-payload"

# JSON as text, since no writer would write most of it.
NUMBERS = (
    "0",
    "-0",
    "1.5",
    "1e999",
    "-1e999",
    "1e-999",
    "9" * 19,
    "9" * 400,
    "0." + "1" * 5_000,
    "9223372036854775808",
    "-9223372036854775809",
    "253402300800",
    "NaN",
    "-Infinity",
    "01",
    "+1",
    "1.",
)
STRINGS = (
    '""',
    '" "',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\r\\nce_id: evt_forged"',
    '"\\u001b[2J\\u202e"',
    '"\\ufffe\\ufdd0\\u0085"',
    '"é😀\u2028"',
    '"' + "x" * 256 + '"',
    '"' + "x" * 513 + '"',
    '"\t"',
    '"\\q"',
    '"' + "\\\\" * 1_000 + '"',
    '"\\"]}"',
)
CONTAINERS = (
    "[]",
    "{}",
    "[[]]",
    "[1,]",
    "[}",
    '{"a":1,"a":2}',
    '{"":{}}',
    "[" * 100 + "]" * 100,
    "[" * 1_000 + "]" * 1_000,
    '{"id":"evt_other","account":"acct_other","type":"capital.other"}',
)
WORDS = ("null", "true", "false", "nul", "True")
HOSTILE = NUMBERS + STRINGS + CONTAINERS + WORDS
# Rare, since each of them takes as long as hundreds of others.
GIANTS = (
    "-" + "9" * 5_000,
    "9" * 100_000,
    '"' + "ü" * 100_000 + '"',
    '"' + '\\"' * 100_000 + '"',
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 30_000 + "1" + "}" * 30_000,
    "[" * 50_000,
)

TYPES = (
    *(
        f"capital.financing_offer.{milestone}"
        for milestone in ("created", "accepted", "paid_out", "fully_repaid", "canceled", "rejected", "expired")
    ),
    "capital.financing_offer.replacement_created",
    "capital.financing_transaction.created",
    "capital.financing_summary.line_of_credit_update",
    "capital.observation.survey",
    "capital.command.redrive",
    "capital.something.new",
    "capital.",
    "charge.succeeded",
    "capital",
)
TERMS = {"currency": '"gbp"', "advance_amount": "100000", "fee_amount": "10000", "withhold_rate": "0.15"}
OBJECT = {
    "id": '"financingoffer_{0}"',
    "account": '"acct_{1}"',
    "created": "1735578000",
    "status": '"accepted"',
    "product_type": '"refill"',
    "expires_after": "1738170000.0",
    "offered_terms": TERMS | {"previous_financing_fee_discount_rate": "0.5", "campaign_type": '"repeat_user"'},
    "accepted_terms": TERMS | {"previous_financing_fee_discount_amount": "null"},
    "status_transitions": {"accepted_at": "1735578500", "paid_out_at": "null"},
    "details": {
        "advance_amount": "1",
        "fee_amount": "2",
        "total_amount": "3",
        "currency": '"usd"',
        "reason": '"refill"',
    },
    "financing_offer": '"financingoffer_{0}"',
    "type": '"payment"',
    "replacement_for": "null",
}

Members = list[tuple[str, "str | Members"]]


def body(chance: Random, number: int, accounts: int = 20) -> bytes:
    """One body about one of so many accounts; the same chance gives the same, and the number makes its id its own."""
    event = _event(chance, number, accounts)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        _spoil(chance, event)
    written = _written(event, chance.choice(("", "", "\n  "))).encode("utf-8", "surrogatepass")
    if chance.random() < 0.25:
        written = mutated(chance, written)
    if chance.random() < 0.03:
        written += b" " * (LIMIT + chance.choice((-1, 0, 0, 1)) - len(written))
    return written


def _event(chance: Random, number: int, accounts: int) -> Members:
    shown = _members(OBJECT, str(chance.randint(1, 50)), str(chance.randint(1, accounts)))
    return [
        ("id", f'"evt_{number}"'),
        ("object", '"event"'),
        ("created", "1735578535"),
        ("livemode", chance.choice(("true", "false"))),
        ("type", json.dumps(chance.choice(TYPES))),
        ("note", f'"{CANARY}"'),
        ("data", [("object", shown)]),
    ]


def _members(shape: Mapping[str, object], *names: str) -> Members:
    return [
        (name, _members(value, *names) if isinstance(value, dict) else str(value).format(*names))
        for name, value in shape.items()
    ]


def _hostile(chance: Random) -> str:
    return chance.choice(GIANTS if chance.random() < 0.02 else HOSTILE)


def _spoil(chance: Random, members: Members) -> None:
    """One change to the event, or to something inside of it."""
    place = chance.randrange(len(members))
    name, value = members[place]
    inside = isinstance(value, list) and bool(value)
    if isinstance(value, list) and inside and chance.random() < 0.9:
        _spoil(chance, value)
        return
    match chance.choice(("hostile", "hostile", "hostile", "twice", "gone", "more")):
        case "hostile":
            members[place] = (name, _hostile(chance))
        case "twice":
            members.insert(
                chance.randint(0, len(members)), (name, _hostile(chance) if chance.random() < 0.8 else value)
            )
        case "gone" if len(members) > 1:
            del members[place]
        case _:
            members.append((chance.choice(("account", "x", "\\u0000", "")), _hostile(chance)))


def _written(members: Sequence[tuple[str, "str | Members"]], space: str) -> str:
    parts = [
        f'{space}"{name}":{space[1:]}{value if isinstance(value, str) else _written(value, space)}'
        for name, value in members
    ]
    return "{" + ",".join(parts) + "}"
