"""Details of a notification in a few words; a type that is not known here is told by its own fields."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from worker.rules.milestones import Milestone
from worker.showing.amounts import money, percent
from worker.showing.identifiers import awaited, short

Data = Mapping[str, Any]

# What stands beside every notification anyway.
_SAID_ELSEWHERE: Final = frozenset({"account", "livemode", "currency"})
_BASES: Final = {"api": "known from Stripe's API", "implied": "implied by a later step"}


def details(notification_type: str, data: Data) -> str:
    """What is worth saying of a notification beside its type and subject; empty where nothing is."""
    say = _KNOWN.get(notification_type)
    return ", ".join(_anything(data, ()) if say is None else say(data))


def _milestone(data: Data) -> Iterator[str]:
    if data.get("late"):
        yield "late: the status stays as it is"
    if data.get("gap"):
        yield f"gap: {awaited(data['gap'], data['offer']['id'])} could not be proven"
    if data.get("basis") in _BASES:
        yield _BASES[data["basis"]]


def _transaction(data: Data) -> Iterator[str]:
    transaction = data["transaction"]
    yield f"{transaction['type'] or 'amount'} {money(transaction['total_amount'], transaction['currency'])}"
    if transaction["offer"]:
        yield f"for {short(transaction['offer'])}"
    if transaction["reason"]:
        yield transaction["reason"]


def _attention(data: Data) -> Iterator[str]:
    yield f"{data['reason']}: {data['detail']}"


def _linked(data: Data) -> Iterator[str]:
    if data["original"] is None:
        yield "no original any more"
    else:
        yield f"refills {short(data['original'])}, {data['method']}, {data['confidence']}"


def _discount(data: Data) -> Iterator[str]:
    discount = data["discount"]
    settled = discount["state"] == "settled"
    yield money(discount["amount"], discount["currency"]) if settled else f"state {discount['state']}"


def _withholding(data: Data) -> Iterator[str]:
    now, before = data["withholding"], data["previous"]
    yield f"{percent(now['rate'])} for {short(now['offer'])}" if now else "nothing is withheld"
    if before:
        yield f"before {percent(before['rate'])} for {short(before['offer'])}"


def _summary(data: Data) -> Iterator[str]:
    summary = data["summary"]
    yield f"status {summary['status']}"
    if summary["offer"]:
        yield f"for {short(summary['offer'])}"
    yield f"{money(summary['paid_amount'], summary['currency'])} paid"
    yield f"{money(summary['remaining_amount'], summary['currency'])} remain"


def _anything(data: Data, path: tuple[str, ...]) -> Iterator[str]:
    """Each known value by its path, with ids made short and amounts made readable."""
    for name, value in data.items():
        if value is None or name in _SAID_ELSEWHERE:
            continue
        if isinstance(value, Mapping):
            yield from _anything(value, (*path, name))
        else:
            yield " ".join((*path, name, _value(name, value, data)))


def _value(name: str, value: object, beside: Data) -> str:
    if isinstance(value, list):
        return " ".join(short(str(item)) for item in value) or "none"
    if isinstance(value, int) and (name == "amount" or name.endswith("_amount")):
        return money(value, beside.get("currency"))
    return short(str(value))


# By whole types: what a later version of one says may be shaped otherwise.
_KNOWN: Final[Mapping[str, Callable[[Data], Iterator[str]]]] = {
    **{f"capital.offer.{name}.v1": _milestone for name in Milestone},
    "capital.refill.linked.v1": _linked,
    "capital.refill.discount_settled.v1": _discount,
    "capital.withholding.changed.v1": _withholding,
    "capital.transaction.recorded.v1": _transaction,
    "capital.summary.observed.v1": _summary,
    "capital.line_of_credit.updated.v1": _summary,
    "capital.account.attention.v1": _attention,
}
